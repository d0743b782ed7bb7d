/**
 * Giving deliveries back whose transaction was rolled back for it.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"
import { followUp } from "./followUp.ts"
import type { TransactionResult, Unprocessed } from "./result.ts"
import type { Round, RoundResult } from "./round.ts"
import { unprocessed } from "./unprocessed.ts"

/** Gives them back; one that somebody else has taken meanwhile is left alone. */
export const putBack = Effect.fnUntraced(function* (
  engine: Engine,
  { consumer, rules }: Round,
  { rows, snoozed }: Extract<TransactionResult, { _tag: "PutBack" }>
): Effect.fn.Return<RoundResult, StoreError> {
  const settled: Array<Unprocessed> = []
  for (const [row, outcome] of snoozed) {
    const each = yield* unprocessed(row, outcome, rules.retry, 0)
    const settle = untraced(engine.inbox.settle(each.settlement))
    if (yield* withStatementTimeout(engine, "inbox.settle", settle)) settled.push(each)
  }
  return { claimed: rows.length, settled: yield* followUp(engine, consumer, [], settled), result: "cut" }
})
