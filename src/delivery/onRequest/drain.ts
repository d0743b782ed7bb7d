/**
 * Draining on request: one batch, what was due at the start, or everything.
 *
 * @internal
 */
import { type Duration, Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Consumer } from "../../model/Consumer.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { requestOf, rulesFor } from "../consumerRules.ts"
import type { Engine } from "../engine.ts"
import type { Poller } from "../maintenance/poller.ts"
import * as BatchSize from "../workers/batchSize.ts"
import { runPipelined } from "../workers/pipeline.ts"
import { runRound } from "../workers/runRound.ts"

const never = () => false

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

/** Rounds of one consumer, by as many workers as it has, until claims find nothing more up to `maxPosition`. */
const rounds = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  first: number,
  maxPosition?: bigint
): Effect.fn.Return<number, StoreError> {
  const request = { isStopping: never, ...(maxPosition === undefined ? {} : { maxPosition }) }
  const worker = Effect.gen(function* () {
    let size = BatchSize.start(first)
    let settled = 0
    for (;;) {
      const done = yield* runPipelined(engine, consumer, size, request)
      settled += done.settled
      if (done.last.claimed === 0) return settled
      size = done.size
    }
  })
  const workers = yield* Effect.replicateEffect(worker, consumer.options.concurrency ?? 1, { concurrency: "unbounded" })
  return workers.reduce((sum, count) => sum + count, 0)
})

export const oneBatch = (engine: Engine, poller: Poller): Effect.Effect<number, StoreError> =>
  Effect.gen(function* () {
    yield* poller.routeAll
    const settings = yield* engine.settings.current
    const settled = yield* each(engine, (consumer) =>
      Effect.map(
        runRound(engine, consumer, rulesFor(consumer, settings).firstBatch, { isStopping: never }),
        (_) => _.settled
      )
    )
    yield* engine.rollUp.flush
    return settled
  })

const consumerUntilNow = Effect.fnUntraced(function* (engine: Engine, consumer: Consumer) {
  const { startupDrainBatchSize } = yield* engine.settings.current
  const last = yield* withStatementTimeout(engine, "inbox.lastPosition", engine.inbox.lastPosition(consumer.name))
  return yield* rounds(engine, consumer, startupDrainBatchSize, last)
})

export const untilNow = (engine: Engine): Effect.Effect<number, StoreError> =>
  Effect.tap(
    each(engine, (consumer) => consumerUntilNow(engine, consumer)),
    () => engine.rollUp.flush
  )

/** What was due when these consumers start; what is left after `timeout` is for their workers. */
export const startup = Effect.fnUntraced(function* (
  engine: Engine,
  names: ReadonlyArray<string>,
  timeout: Duration.Duration
) {
  const consumers = (yield* engine.registry.consumers).filter(({ name }) => names.includes(name))
  yield* Effect.forEach(consumers, (consumer) => consumerUntilNow(engine, consumer), {
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
      const settings = yield* engine.settings.current
      const settled = yield* each(engine, (consumer) =>
        rounds(engine, consumer, rulesFor(consumer, settings).firstBatch)
      )
      total += settled
      const held = yield* each(engine, (consumer) => Effect.map(isDue(engine, consumer), Number))
      const isBusy = engine.leases.count() > 0
      if (held === 0 && settled === 0 && !isBusy) break
      // What is due is held by workers of this or another process.
      if (settled === 0) yield* engine.inbox.changed
    }
    yield* engine.rollUp.flush
    return total
  })
