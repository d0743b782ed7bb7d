/**
 * What follows from a transaction: words, roll-up, wake-ups, and the charge of what it could not charge itself.
 *
 * @internal
 */
import { Effect, Random } from "effect"
import type { Consumer } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"
import { failedOutcome } from "../handlers/outcome.ts"
import { settlementOf } from "../handlers/settlement.ts"
import type { TransactionResult, Unprocessed } from "./result.ts"
import type { Round } from "./round.ts"

const logUnprocessed = (consumer: Consumer, { row, settlement }: Unprocessed) => {
  const attempts = settlement.seenAttempts + 1
  const say =
    settlement.status === "skipped"
      ? Effect.logDebug("Delivery skipped", settlement.error ?? "")
      : settlement.retryInMillis !== undefined
        ? Effect.logWarning(
            `Attempt ${attempts} failed, next in ${Math.round(settlement.retryInMillis)} ms`,
            settlement.error
          )
        : Effect.logError(`Gave up after attempt ${attempts}`, settlement.error)
  return Effect.annotateLogs(say, {
    consumer: consumer.name,
    event: row.eventName,
    eventId: row.eventId,
    deliveryId: row.deliveryId
  })
}

const hasTier = (row: Claimed) => row.tier !== null

/**
 * After a commit: words for what failed, the events whose status may be final now, and those whose consumers of lower
 * priority need not wait any longer. Returns how many there were.
 */
export const followUp = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  processed: ReadonlyArray<Claimed>,
  others: ReadonlyArray<Unprocessed>
) {
  const final = others.filter(({ settlement }) => settlement.retryInMillis === undefined).map(({ row }) => row)
  yield* engine.rollUp.offer([...processed, ...final].map((row) => row.eventId))
  yield* Effect.forEach(others, (unprocessed) => logUnprocessed(consumer, unprocessed), { discard: true })
  const tiered = [...processed.filter(hasTier), ...others.map(({ row }) => row).filter(hasTier)].map(
    (row) => row.eventId
  )
  if (tiered.length > 0)
    yield* engine.notifier.announce(
      yield* withStatementTimeout(engine, "inbox.bringForward", untraced(engine.inbox.bringForward(tiered)))
    )
  return processed.length + others.length
})

/**
 * Lets what waits behind these deliveries go on, if it is parked. Belongs into the transaction that settles them.
 *
 * @param options.waits - for a lease, which does not hold its key: who is just parking behind it is waited for, since
 * neither would else see the other. Default: the transaction holds the keys, and knows which have something parked
 */
export const unparkNext = (
  engine: Engine,
  { consumer, rules: { onDeadLetter } }: Pick<Round, "consumer" | "rules">,
  rows: ReadonlyArray<Claimed>,
  { waits = false }: { readonly waits?: boolean } = {}
) => {
  if (onDeadLetter === undefined) return Effect.void
  const keys = new Set(rows.flatMap((row) => (waits || row.isParking === true ? (row.orderingKey ?? []) : [])))
  return Effect.asVoid(engine.inbox.unpark({ consumer: consumer.name, keys: [...keys], onDeadLetter, waits }))
}

/**
 * Charges a failure that could not be charged in its own transaction. A row that was settled meanwhile, by another
 * worker or by a commit whose answer was lost, is left alone.
 */
export const charge = Effect.fnUntraced(function* (
  engine: Engine,
  { consumer, rules }: Round,
  row: Claimed,
  { cause, durationMillis }: Extract<TransactionResult, { _tag: "Failed" }>
) {
  const { onDeadLetter, retry } = rules
  const settlement = yield* settlementOf(row, failedOutcome(cause), retry, durationMillis)
  const isCharged = yield* withStatementTimeout(engine, "inbox.settle", untraced(engine.inbox.settle(settlement)))
  if (!isCharged) return 0
  // The delivery's transaction, and the hold on its key with it, are gone: what it blocks is unparked separately.
  if (onDeadLetter === "continue" && row.orderingKey !== undefined && settlement.retryInMillis === undefined) {
    const unparked = engine.inbox.unpark({ consumer: consumer.name, keys: [row.orderingKey], onDeadLetter })
    yield* withStatementTimeout(engine, "inbox.unpark", untraced(unparked))
  }
  return yield* followUp(engine, consumer, [], [{ row, settlement }])
})

/** A short pause of 5 to 50 ms, different for everybody who waits. */
export const contentionPause = Effect.flatMap(Random.nextIntBetween(5, 50), (millis) => Effect.sleep(millis))
