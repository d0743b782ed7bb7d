/**
 * Draining on request: one batch, what was due at the start, or everything.
 *
 * @internal
 */
import { Deferred, type Duration, Effect, Queue } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Consumer } from "../../model/Consumer.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { requestOf, rulesFor } from "../consumerRules.ts"
import type { Engine } from "../engine.ts"
import type { Poller } from "../maintenance/poller.ts"
import * as BatchSize from "../workers/batchSize.ts"
import * as Crew from "../workers/crew.ts"
import { runPipelined } from "../workers/pipeline.ts"
import { runRound } from "../workers/runRound.ts"
import { lockedAgainMillis } from "../workers/worker.ts"

const never = () => false

/** What becomes of a round when the store fails: the caller's failure, or a repetition. */
type Once = <A>(round: Effect.Effect<A, StoreError>) => Effect.Effect<A, StoreError>

const failing: Once = (round) => round

/** Drains every consumer of this process at once; permits bound how many run. Returns the sum. */
const each = (
  engine: Engine,
  drain: (consumer: Consumer) => Effect.Effect<number, StoreError>
): Effect.Effect<number, StoreError> =>
  Effect.flatMap(engine.registry.consumers, (consumers) =>
    Effect.map(Effect.forEach(consumers, drain, { concurrency: "unbounded" }), (counts) =>
      counts.reduce((sum, count) => sum + count, 0)
    )
  )

interface Rounds {
  /** Wraps each round. */
  readonly once: Once
  /** Only events up to this position. */
  readonly maxPosition?: bigint | undefined
  /** Whether it is to stop: by default, it never is. */
  readonly isStopping?: (() => boolean) | undefined
}

/**
 * Rounds of one consumer, by as many workers as it has, until claims find nothing more up to `maxPosition`. A worker that
 * finds nothing waits until another one calls it, or none is at work, and looks again now and then.
 */
const rounds = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  first: number,
  { isStopping = never, maxPosition, once }: Rounds
): Effect.fn.Return<number, StoreError> {
  const request = { isStopping, ...(maxPosition === undefined ? {} : { maxPosition }) }
  const calls = yield* Queue.sliding<void>(1)
  const over = yield* Deferred.make<void>()
  const crew = Crew.of(engine, consumer, Effect.asVoid(Queue.offer(calls, undefined)))
  const worker = Effect.gen(function* () {
    let size = BatchSize.start(first)
    let settled = 0
    while (!isStopping() && !(yield* Deferred.isDone(over))) {
      const done = yield* once(runPipelined(engine, consumer, crew, size, request))
      settled += done.settled
      size = done.size
      if (done.last.claimed > 0) continue
      if (crew.isIdle()) yield* Deferred.succeed(over, undefined)
      const called = Effect.raceFirst(Queue.take(calls), Deferred.await(over))
      yield* Effect.timeoutOption(called, lockedAgainMillis)
    }
    // Those that wait stop too.
    yield* Deferred.succeed(over, undefined)
    return settled
  })
  const workers = yield* Effect.replicateEffect(worker, crew.workers, { concurrency: "unbounded" })
  return workers.reduce((sum, count) => sum + count, 0)
})

/** @param batchSize - deliveries a batch claims; default what the consumer or the settings say */
export const oneBatch = (engine: Engine, poller: Poller, batchSize?: number): Effect.Effect<number, StoreError> =>
  Effect.gen(function* () {
    yield* poller.routeAll
    yield* poller.sweep
    const settings = yield* engine.settings.current
    return yield* each(engine, (consumer) =>
      Effect.map(
        runRound(engine, consumer, batchSize ?? rulesFor(consumer, settings).firstBatch, { isStopping: never }),
        (_) => _.settled
      )
    )
  })

const consumerUntilNow = Effect.fnUntraced(function* (engine: Engine, consumer: Consumer, how: Rounds) {
  const { startupDrainBatchSize } = yield* engine.settings.current
  const maxPosition = yield* how.once(
    withStatementTimeout(engine, "inbox.lastPosition", engine.inbox.lastPosition(consumer.name))
  )
  return yield* rounds(engine, consumer, startupDrainBatchSize, { ...how, maxPosition })
})

export const untilNow = (engine: Engine): Effect.Effect<number, StoreError> =>
  each(engine, (consumer) => consumerUntilNow(engine, consumer, { once: failing }))

/**
 * What was due when these consumers start; what is left after `timeout` is for their workers. A store that fails holds it up,
 * as it does workers.
 */
export const startup = Effect.fnUntraced(function* (
  engine: Engine,
  names: ReadonlyArray<string>,
  { isStopping, timeout }: { readonly isStopping: () => boolean; readonly timeout: Duration.Duration }
) {
  const consumers = (yield* engine.registry.consumers).filter(({ name }) => names.includes(name))
  const how = { once: engine.incident.survive, isStopping }
  yield* Effect.forEach(consumers, (consumer) => consumerUntilNow(engine, consumer, how), {
    concurrency: "unbounded",
    discard: true
  }).pipe(Effect.timeoutOption(timeout))
})

const isDue = (engine: Engine, consumer: Consumer) =>
  Effect.map(
    withStatementTimeout(engine, "inbox.nextDue", engine.inbox.nextDue(requestOf(engine, consumer))),
    (millis) => millis !== undefined && millis <= 0
  )

export const everything = (engine: Engine, poller: Poller): Effect.Effect<number, StoreError> =>
  Effect.gen(function* () {
    let total = 0
    for (;;) {
      yield* poller.routeAll
      yield* poller.sweep
      const settings = yield* engine.settings.current
      const settled = yield* each(engine, (consumer) =>
        rounds(engine, consumer, rulesFor(consumer, settings).firstBatch, { once: failing })
      )
      total += settled
      const wasBusy = engine.leases.isBusy()
      const held = yield* each(engine, (consumer) => Effect.map(isDue(engine, consumer), Number))
      const isBusy = wasBusy || engine.leases.isBusy()
      if (held === 0 && settled === 0 && !isBusy) break
      // What is due, or leased, is held by workers of this or another process.
      const { changed } = engine.inbox
      if (settled === 0) yield* isBusy ? Effect.raceFirst(changed, engine.leases.idle) : changed
    }
    return total
  })
