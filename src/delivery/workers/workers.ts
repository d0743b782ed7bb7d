/**
 * The workers of this process: which consumers they serve, and how they start and stop.
 *
 * @internal
 */
import { Deferred, type Duration, Effect, Fiber, PubSub, type Scope, Semaphore } from "effect"
import type { Consumer } from "../../model/Consumer.ts"
import { waitAtMost } from "../../stores/graceTime.ts"
import type { Engine } from "../engine.ts"
import type { WorkersAlive } from "../Liveness.ts"
import * as Crew from "./crew.ts"
import { run, type Stop } from "./worker.ts"

/** The workers of one consumer. */
interface RunningWorkers {
  readonly stop: Stop
  readonly fibers: ReadonlyArray<Fiber.Fiber<void, unknown>>
}

export interface Workers {
  /**
   * Stops the workers of these consumers and starts no new ones until `resume`. Returns when they have ended: running
   * handlers may finish within the grace period, then they are interrupted.
   */
  readonly suspend: (consumers: ReadonlyArray<string>) => Effect.Effect<void>
  /** Ends one `suspend`: consumers that have handlers, and are not suspended otherwise, get workers. */
  readonly resume: (consumers: ReadonlyArray<string>) => Effect.Effect<void>
  /** Something to be done that stops as workers do. */
  readonly errand: Effect.Effect<Errand>
  /** Which of those that are to run do. */
  readonly alive: Effect.Effect<ReadonlyArray<WorkersAlive>>
}

/** Handles deliveries for a while, as a worker does. */
export interface Errand {
  /**
   * Runs `work` until it is through, unless it was stopped before. Interrupting this stops it.
   *
   * @param work - from what tells whether it is to begin nothing more
   */
  readonly run: <E>(work: (isStopping: () => boolean) => Effect.Effect<void, E>) => Effect.Effect<void, E>
  /** Stops it, and returns when it has ended: what is running may finish within the grace period, then it is interrupted. */
  readonly stop: Effect.Effect<void>
}

const makeStop = Effect.map(Deferred.make<void>(), (requested): Stop => ({ requested, isStopping: false }))

/** Asks workers to stop, and interrupts those that have not by the end of the grace period. */
const stopWorkers = Effect.fnUntraced(function* ({ fibers, stop }: RunningWorkers, grace: Duration.Duration) {
  stop.isStopping = true
  yield* Deferred.succeed(stop.requested, undefined)
  yield* waitAtMost(Fiber.awaitAll(fibers), grace)
  yield* Fiber.interruptAll(fibers)
})

/**
 * Serves the consumers of the registry, whoever registered them, until the scope closes.
 *
 * @param options.grace - how long running handlers may take to finish when their workers are stopped
 */
export const make = (
  engine: Engine,
  options: { readonly grace: Duration.Duration }
): Effect.Effect<Workers, never, Scope.Scope> =>
  Effect.gen(function* () {
    const served = new Map<string, RunningWorkers>()
    const ending = new Map<string, Fiber.Fiber<void>>()
    const suspended = new Map<string, number>()
    const mutex = yield* Semaphore.make(1)
    const context = yield* Effect.context<never>()

    // Detached: a scope would interrupt them before their grace period.
    const fork = <E>(effect: Effect.Effect<void, E>) => Effect.forkDetach(Effect.provideContext(effect, context))
    const start = Effect.fnUntraced(function* (consumer: Consumer) {
      const stop = yield* makeStop
      const crew = Crew.of(engine, consumer, engine.notifier.wake([consumer.name]))
      const fibers = yield* Effect.replicateEffect(fork(run(engine, consumer, crew, stop)), crew.workers)
      served.set(consumer.name, { stop, fibers })
    })
    // Others need not wait for this consumer's handlers, so the waiting is done by a fiber of its own.
    const stop = Effect.fnUntraced(function* (name: string, workers: RunningWorkers) {
      served.delete(name)
      ending.set(name, yield* fork(stopWorkers(workers, options.grace)))
    })
    const reconcile = Effect.gen(function* () {
      const wanted = (yield* engine.registry.consumers).filter(({ name }) => !suspended.has(name))
      for (const [name, workers] of [...served]) {
        if (!wanted.some((consumer) => consumer.name === name)) yield* stop(name, workers)
      }
      for (const consumer of wanted) if (!served.has(consumer.name)) yield* start(consumer)
    }).pipe(mutex.withPermit, Effect.uninterruptible)
    const ended = (consumers: Iterable<string>) =>
      Effect.forEach(
        consumers,
        (name) => {
          const fiber = ending.get(name)
          return fiber === undefined ? Effect.void : Fiber.await(fiber)
        },
        { discard: true }
      )
    const count = (names: ReadonlyArray<string>, by: number) =>
      Effect.sync(() => {
        for (const name of names) {
          const next = (suspended.get(name) ?? 0) + by
          if (next > 0) suspended.set(name, next)
          else suspended.delete(name)
        }
      })
    const suspend = Effect.fnUntraced(function* (consumers: ReadonlyArray<string>) {
      yield* count(consumers, 1)
      yield* reconcile
      yield* ended(consumers)
    })

    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => suspend([...served.keys()])).pipe(
        Effect.andThen(Effect.suspend(() => ended([...ending.keys()])))
      )
    )
    // Subscribed here and now: a consumer registered right after must not be missed.
    const changes = yield* PubSub.subscribe(engine.registry.changes)
    yield* PubSub.take(changes).pipe(Effect.andThen(reconcile), Effect.forever, Effect.forkScoped)
    return {
      suspend,
      resume: (consumers) => Effect.andThen(count(consumers, -1), reconcile),
      alive: Effect.sync(() =>
        [...served].map(([consumer, { fibers }]) => ({
          consumer,
          wanted: fibers.length,
          alive: fibers.filter((fiber) => fiber.pollUnsafe() === undefined).length
        }))
      ),
      errand: Effect.map(makeStop, (stop): Errand => {
        let fibers: ReadonlyArray<Fiber.Fiber<void, unknown>> = []
        // In a fiber of its own: one that is interrupted could not wait.
        const end = Effect.flatMap(
          Effect.suspend(() => fork(stopWorkers({ stop, fibers }, options.grace))),
          Fiber.await
        )
        const run: Errand["run"] = (work) =>
          Effect.uninterruptibleMask((restore) =>
            Effect.gen(function* () {
              const fiber = yield* fork(work(() => stop.isStopping))
              fibers = [fiber]
              yield* Effect.onInterrupt(restore(Fiber.join(fiber)), () => end)
            })
          )
        return {
          run: (work) => Effect.suspend(() => (stop.isStopping ? Effect.void : run(work))),
          stop: Effect.asVoid(end)
        }
      })
    }
  })
