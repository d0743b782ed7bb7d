/**
 * Charging a failure that could not be charged in its own transaction.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Claimed, Settlement } from "../../stores/Delivery.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"
import { failedOutcome } from "../handlers/outcome.ts"
import { followUp } from "./followUp.ts"
import { inOwnTransaction } from "./ownTransaction.ts"
import type { TransactionResult } from "./result.ts"
import type { Round } from "./round.ts"
import { unprocessed } from "./unprocessed.ts"

/**
 * Writes what becomes of a delivery whose transaction was rolled back. Notes go with it: since then its consumer may have begun to recover,
 * and another worker an attempt whose connection was lost. A note that stays would be charged as a crash some day.
 */
export const writeApart = (engine: Engine, { rules }: Round, row: Claimed, settlement: Settlement) => {
  const settle = untraced(engine.inbox.settle(settlement))
  const erase = untraced(engine.replicas.eraseStarted([row]))
  return inOwnTransaction(
    engine,
    rules,
    Effect.tap(settle, (isCharged) => (isCharged ? erase : Effect.void))
  )
}

/**
 * Charges a failure that could not be charged in its own transaction. A row that was settled meanwhile, by another
 * worker or by a commit whose answer was lost, is left alone.
 */
export const charge = Effect.fnUntraced(function* (
  engine: Engine,
  round: Round,
  row: Claimed,
  { cause, durationMillis }: Extract<TransactionResult, { _tag: "Failed" }>
) {
  const { consumer, rules } = round
  const { delayed, onDeadLetter, retry } = rules
  const charged = yield* unprocessed(row, failedOutcome(cause), retry, durationMillis)
  const { settlement } = charged
  const isCharged = yield* writeApart(engine, round, row, settlement)
  if (!isCharged) return 0
  // The delivery's transaction, and the hold on its key with it, are gone: what it blocks is unparked separately.
  if (onDeadLetter === "continue" && row.orderingKey !== undefined && settlement.retryInMillis === undefined) {
    const unparked = engine.inbox.unpark({ consumer: consumer.name, keys: [row.orderingKey], onDeadLetter, delayed })
    yield* withStatementTimeout(engine, "inbox.unpark", untraced(unparked))
  }
  return yield* followUp(engine, consumer, [], [charged])
})
