/**
 * Events that were inserted by other means than publishing: they are given their deliveries, when somebody tells of them, or when a
 * process looks.
 *
 * @internal
 */
import { Effect, Option, Queue, type Scope } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"

/** Events routed in one statement. */
const window = 1000

/** Milliseconds between two times somebody tells: what comes meanwhile goes together. */
const breath = 10

/** Gives such events their deliveries, all there are, and wakes their consumers. Returns how many. */
export const routeAll = (engine: Engine): Effect.Effect<number, StoreError> =>
  Effect.gen(function* () {
    let total = 0
    for (let routed = window; routed === window; ) {
      const result = yield* withStatementTimeout(engine, "outbox.route", engine.outbox.route(window))
      yield* engine.notifier.announce(result.consumers)
      routed = result.routed
      total += routed
    }
    return total
  })

const look = (engine: Engine) => engine.incident.survive(untraced(routeAll(engine)))

/** Routes at once what is told of, for as long as the scope lives. */
export const routeWhenTold = (engine: Engine): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const told = yield* Queue.sliding<void>(1)
    yield* engine.broadcast.receiveInserts(Effect.asVoid(Queue.offer(told, undefined)))
    yield* Queue.take(told).pipe(
      Effect.andThen(look(engine)),
      Effect.andThen(Effect.sleep(breath)),
      Effect.forever,
      Effect.annotateLogs({ fiber: "router" }),
      Effect.forkScoped
    )
  })

/** Between two polls. */
export interface Rest {
  /** Milliseconds to the next poll. */
  readonly millis: number
  /** How often is looked for such events meanwhile, unless somebody tells of them, in milliseconds. */
  readonly lookMillis: number
  /** Somebody tells of them who listens. */
  readonly announcesInserts: boolean
}

/** Waits for the next poll: for its time, or until `nudge` comes. */
export const rest = (engine: Engine, nudge: Effect.Effect<void>) =>
  Effect.fnUntraced(function* ({ announcesInserts, lookMillis, millis }: Rest) {
    const end = (yield* engine.now) + millis
    for (let left = millis; ; left = end - (yield* engine.now)) {
      const isLast = left <= lookMillis
      const nudged = yield* Effect.timeoutOption(nudge, Math.max(0, Math.min(left, lookMillis)))
      if (isLast || Option.isSome(nudged)) return
      if (!(announcesInserts && (yield* engine.broadcast.isListening))) yield* look(engine)
    }
  })
