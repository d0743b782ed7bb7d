/**
 * Live figures for all who watch: read once, only while somebody does.
 *
 * @internal
 */
import { type Cause, Effect, Fiber, Queue, Stream } from "effect"
import { CurrentUser } from "../access.ts"
import type { AdminService } from "../adminService.ts"
import type { LiveFigures } from "../model/consumers.ts"
import type { Problem } from "../problems.ts"

type Watcher = Queue.Queue<LiveFigures, Problem | Cause.Done>

/** From the first who watches to the last. */
interface Sampling {
  readonly watchers: Set<Watcher>
  last: LiveFigures | undefined
  fiber: Fiber.Fiber<void> | undefined
}

/** One for each administration in this process, however often it is mounted. */
const samplings = new WeakMap<AdminService, Sampling>()

/** Who is named where samples are taken: they are for many. */
const nobody = { name: "live", role: "viewer" } as const

/** At most one sample a second, whatever the source gives. */
const paced = Stream.throttle({ cost: (_: ReadonlyArray<LiveFigures>) => 1, units: 1, duration: "1 second" })

const sample = (admin: AdminService, sampling: Sampling) =>
  Stream.runForEach(paced(admin.live), (figures) =>
    Effect.sync(() => {
      sampling.last = figures
      // Who reads slowly misses some, and holds up nobody.
      for (const each of sampling.watchers) Queue.offerUnsafe(each, figures)
    })
  ).pipe(
    Effect.provideService(CurrentUser, nobody),
    Effect.onExit((exit) =>
      Effect.sync(() => {
        if (samplings.get(admin) === sampling) samplings.delete(admin)
        for (const each of sampling.watchers) {
          if (exit._tag === "Success") Queue.endUnsafe(each)
          else Queue.failCauseUnsafe(each, exit.cause)
        }
      })
    ),
    Effect.exit,
    Effect.asVoid
  )

const join = (admin: AdminService) =>
  Effect.gen(function* () {
    const watcher: Watcher = yield* Queue.sliding<LiveFigures, Problem | Cause.Done>(1)
    const context = yield* Effect.context()
    return yield* Effect.sync(() => {
      const known = samplings.get(admin)
      const sampling = known ?? { watchers: new Set(), last: undefined, fiber: undefined }
      samplings.set(admin, sampling)
      sampling.watchers.add(watcher)
      if (sampling.last !== undefined) Queue.offerUnsafe(watcher, sampling.last)
      sampling.fiber ??= Effect.runForkWith(context)(sample(admin, sampling))
      return { sampling, watcher }
    })
  })

const leave = (admin: AdminService, { sampling, watcher }: { sampling: Sampling; watcher: Watcher }) =>
  Effect.suspend(() => {
    sampling.watchers.delete(watcher)
    if (sampling.watchers.size > 0) return Effect.void
    if (samplings.get(admin) === sampling) samplings.delete(admin)
    return sampling.fiber === undefined ? Effect.void : Fiber.interrupt(sampling.fiber)
  })

/** The figures that all watchers of this administration get: the last ones at once, and each that follows. */
export const sharedLive = (admin: AdminService): Stream.Stream<LiveFigures, Problem> =>
  Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(join(admin), (joined) => leave(admin, joined)),
      ({ watcher }) => Stream.fromQueue(watcher)
    )
  )
