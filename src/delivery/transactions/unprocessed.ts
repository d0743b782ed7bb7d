/**
 * What is written about a delivery that was not processed.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Claimed } from "../../stores/Delivery.ts"
import type { RetryRules } from "../consumerRules.ts"
import { isFault, type Outcome } from "../handlers/outcome.ts"
import { settlementOf } from "../handlers/settlementOf.ts"
import type { Unprocessed } from "./result.ts"

/** @param durationMillis - how long the attempt took */
export const unprocessed = (
  row: Claimed,
  outcome: Outcome,
  rules: RetryRules,
  durationMillis: number
): Effect.Effect<Unprocessed> =>
  Effect.map(settlementOf(row, outcome, rules, durationMillis), (settlement) => ({
    row,
    settlement,
    isFault: isFault(outcome),
    coolsMillis: outcome._tag === "Snoozed" && outcome.cools ? outcome.delayMillis : undefined
  }))
