/**
 * What follows from a transaction: words, and wake-ups.
 *
 * @internal
 */
import { Clock, Effect, Random } from "effect"
import type { Consumer } from "../../model/Consumer.ts"
import { cutTo } from "../../model/storable.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import type { OutcomeCounts } from "../../stores/StatisticStore.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import type { MetricOutcome } from "../../telemetry/meters.ts"
import { type Engine, untraced } from "../engine.ts"
import { annotationsOf, failedAt, shortPlace } from "../handlers/logAnnotations.ts"
import { brake } from "./brake.ts"
import type { Unprocessed } from "./result.ts"

/** Characters of an error's words in the log: some loggers, and what reads them, take no lines of megabytes. */
const maxLogged = 4000

const logUnprocessed = (consumer: Consumer, { row, settlement }: Unprocessed) => {
  const attempts = settlement.seenAttempts + 1
  const at = failedAt(settlement.failure?.detail)
  const place = at === undefined ? undefined : shortPlace(at)
  const where = place === undefined ? "" : ` at ${place}`
  const error = cutTo(settlement.error ?? "", maxLogged)
  const say =
    settlement.status === "skipped"
      ? Effect.logDebug("Delivery skipped", error)
      : settlement.status === "snoozed"
        ? Effect.logDebug(`Delivery given back, next in ${Math.round(settlement.retryInMillis ?? 0)} ms`, error)
        : settlement.retryInMillis !== undefined
          ? Effect.logWarning(
              `Attempt ${attempts} failed${where}, next in ${Math.round(settlement.retryInMillis)} ms`,
              error
            )
          : Effect.logError(`Gave up after attempt ${attempts}${where}`, error)
  return Effect.annotateLogs(say, { ...annotationsOf(consumer, row), ...(at === undefined ? {} : { at }) })
}

/** Holds all that a consumer has, if one of its deliveries asked for that. */
const coolDown = (engine: Engine, consumer: Consumer, others: ReadonlyArray<Unprocessed>) => {
  const millis = Math.max(0, ...others.map(({ coolsMillis = 0 }) => coolsMillis))
  return millis === 0
    ? Effect.void
    : withStatementTimeout(engine, "subscriptions.cool", untraced(engine.subscriptions.cool(consumer.name, millis)))
}

/** How statistics have what metrics tell apart; what was given back has not happened. */
const keptAs: Readonly<Record<MetricOutcome, keyof OutcomeCounts | undefined>> = {
  processed: "processed",
  retried: "retried",
  skipped: "skipped",
  snoozed: undefined,
  failed: "gaveUp",
  dead_letter: "gaveUp"
}

/** Counts what was committed. */
const count = (
  engine: Engine,
  consumer: Consumer,
  processed: ReadonlyArray<Claimed>,
  others: ReadonlyArray<Unprocessed>,
  now: number
) => {
  const meters = engine.telemetry.meters.consumer(consumer.name)
  engine.sums?.turn(now)
  const sums = engine.sums?.consumer(consumer.name)
  const settled = (row: Claimed, outcome: MetricOutcome) => {
    const { createdAt, eventName } = row
    meters.event(eventName).settled[outcome].count++
    const kept = keptAs[outcome]
    if (kept !== undefined) sums?.settled(row, kept)
    if (outcome !== "retried" && outcome !== "snoozed") meters.age.record((now - createdAt.getTime()) / 1000)
  }
  for (const row of processed) settled(row, "processed")
  for (const { row, settlement } of others) {
    settled(
      row,
      settlement.status === "failed" && settlement.retryInMillis !== undefined ? "retried" : settlement.status
    )
  }
}

const hasTier = (row: Claimed) => row.tier !== null

/** After a commit: words for what failed, and consumers of lower priority need not wait any longer. Returns how many there were. */
export const followUp = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  processed: ReadonlyArray<Claimed>,
  others: ReadonlyArray<Unprocessed>
) {
  count(engine, consumer, processed, others, yield* Clock.currentTimeMillis)
  yield* Effect.forEach(others, (unprocessed) => logUnprocessed(consumer, unprocessed), { discard: true })
  if (others.length > 0) yield* engine.errors.note(others)
  yield* coolDown(engine, consumer, others)
  yield* brake(engine, consumer, processed.length, others)
  const tiered = [...processed.filter(hasTier), ...others.map(({ row }) => row).filter(hasTier)].map(
    (row) => row.eventId
  )
  if (tiered.length > 0)
    yield* engine.notifier.announce(
      yield* withStatementTimeout(engine, "inbox.bringForward", untraced(engine.inbox.bringForward(tiered)))
    )
  return processed.length + others.length
})

/** A short pause of 5 to 50 ms, different for everybody who waits. */
export const contentionPause = Effect.flatMap(Random.nextIntBetween(5, 50), (millis) => Effect.sleep(millis))
