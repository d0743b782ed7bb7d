/**
 * A worker: drains one consumer, then waits for a wake-up or the next due time.
 *
 * @internal
 */
import { Deferred, Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Consumer } from "../../model/Consumer.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { requestOf, rulesFor } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import type { RoundResult } from "../transactions/round.ts"
import * as BatchSize from "./batchSize.ts"
import type { Crew } from "./crew.ts"
import { runPipelined } from "./pipeline.ts"

/** How a worker is asked to stop: no further claim, and no further delivery of the batch it is in. */
export interface Stop {
  readonly requested: Deferred.Deferred<void>
  isStopping: boolean
}

/** How soon a worker looks again for due rows that another worker held, in milliseconds. */
export const lockedAgainMillis = 500

/** Longest wait of a Node.js timer, in milliseconds; the poller looks more often than that. */
const longestTimer = 2_147_483_647

/** What nobody handles here is passed over once by each poll, not by each round. */
const boundsOf = (engine: Engine, { name }: Consumer) => ({ dueSince: engine.passedOver.get(name) })

/** Milliseconds to wait before the next round, without a wake-up; `undefined`: until a wake-up or poll. */
const nextWaitMillis = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  last: RoundResult
): Effect.fn.Return<number | undefined, StoreError> {
  if (last.result !== "part") return 0
  const next = yield* withStatementTimeout(
    engine,
    "inbox.nextDue",
    untraced(engine.inbox.nextDue(requestOf(engine, consumer, boundsOf(engine, consumer))))
  )
  if (next === undefined || next > 0) return next
  // Due, but not ours: another worker holds it, unless it has just come.
  return last.claimed > 0 ? 0 : lockedAgainMillis
})

const wait = (engine: Engine, consumer: Consumer, stop: Stop, millis: number | undefined) => {
  const called = Effect.raceFirst(engine.notifier.wait(consumer.name), Deferred.await(stop.requested))
  return millis === undefined ? called : Effect.timeoutOption(called, Math.min(Math.ceil(millis), longestTimer))
}

/** Runs until `stop` is requested. A store that fails holds it up, but does not end it. */
export const run = (engine: Engine, consumer: Consumer, crew: Crew, stop: Stop): Effect.Effect<void> =>
  Effect.gen(function* () {
    let size = BatchSize.start(rulesFor(consumer, yield* engine.settings.current).firstBatch)
    const step = Effect.gen(function* () {
      const settings = yield* engine.settings.current
      if (!settings.processorEnabled) return settings.pollingIntervalMs
      const asked = { ...boundsOf(engine, consumer), isStopping: () => stop.isStopping }
      const done = yield* runPipelined(engine, consumer, crew, size, asked)
      size = done.size
      return yield* nextWaitMillis(engine, consumer, done.last)
    })
    while (!stop.isStopping) {
      const millis = yield* engine.incident.survive(step)
      if (millis !== 0 && !stop.isStopping) yield* wait(engine, consumer, stop, millis)
    }
  }).pipe(Effect.annotateLogs({ fiber: "worker", consumer: consumer.name }))
