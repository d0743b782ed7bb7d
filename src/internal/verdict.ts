/**
 * From how a delivery ended to what its row says.
 *
 * @internal
 */
import { type Cause, Effect } from "effect"
import type { Claimed, Verdict } from "../InboxStore.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import type { Outcome } from "./deliver.ts"
import { describe, principal } from "./failure.ts"

/** The rules of one consumer, from its own options and the settings. */
export interface Rules {
  readonly maxAttempts: number
  readonly baseMillis: number
  readonly deadLetters: boolean
}

const givenUp = (rules: Rules) => (rules.deadLetters ? ("dead_letter" as const) : ("failed" as const))

const seen = (row: Claimed) => ({ deliveryId: row.deliveryId, seenAttempts: row.attemptCount })

const failedWith = (outcome: Extract<Outcome, { _tag: "Failed" }>): unknown => {
  const { cause, directive } = outcome
  if (directive?._tag === "Fatal") return directive.error
  if (directive?._tag === "RetryAfter") return directive.error ?? "The handler asked for a retry."
  return principal(cause)
}

/** What to write about one delivery that this attempt settles or puts off. */
export const verdictOf = Effect.fnUntraced(function* (
  row: Claimed,
  outcome: Outcome,
  rules: Rules
): Effect.fn.Return<Verdict> {
  const settled = { ...seen(row), retryInMillis: undefined }
  switch (outcome._tag) {
    case "Processed":
      return { ...settled, status: "processed", error: undefined, errorTag: undefined }
    case "Skipped":
      return { ...settled, status: "skipped", error: outcome.reason, errorTag: undefined }
    case "Undecodable":
      return { ...settled, status: givenUp(rules), error: outcome.error.message, errorTag: outcome.error._tag }
    case "Failed": {
      const { tag, text } = describe(failedWith(outcome))
      const decision = yield* RetryPolicy.decide({
        failures: row.attemptCount + 1,
        ...rules,
        isFatal: outcome.directive?._tag === "Fatal",
        delayMillis: outcome.directive?._tag === "RetryAfter" ? outcome.directive.delayMillis : undefined
      })
      return decision._tag === "Retry"
        ? { ...seen(row), status: "failed", retryInMillis: decision.inMillis, error: text, errorTag: tag }
        : { ...settled, status: decision.status, error: text, errorTag: tag }
    }
  }
})

/** A failure that is not a handler's own: a timeout, a lost connection, a failed commit. */
export const failure = (cause: Cause.Cause<unknown>): Outcome => ({ _tag: "Failed", cause, directive: undefined })
