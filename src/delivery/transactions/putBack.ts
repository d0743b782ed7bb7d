/**
 * Giving deliveries back whose transaction was rolled back for it.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Engine } from "../engine.ts"
import { writeApart } from "./charge.ts"
import { followUp } from "./followUp.ts"
import type { TransactionResult, Unprocessed } from "./result.ts"
import type { Round, RoundResult } from "./round.ts"
import { unprocessed } from "./unprocessed.ts"

/** Gives them back; one that somebody else has taken meanwhile is left alone. The next batch is smaller. */
export const putBack = Effect.fnUntraced(function* (
  engine: Engine,
  round: Round,
  { rows, snoozed }: Extract<TransactionResult, { _tag: "PutBack" }>
): Effect.fn.Return<RoundResult, StoreError> {
  const { consumer, rules } = round
  const settled: Array<Unprocessed> = []
  for (const [row, outcome] of snoozed) {
    const each = yield* unprocessed(row, outcome, rules.retry, 0)
    if (yield* writeApart(engine, round, row, each.settlement)) settled.push(each)
  }
  return { claimed: rows.length, settled: yield* followUp(engine, consumer, [], settled), result: "failed" }
})
