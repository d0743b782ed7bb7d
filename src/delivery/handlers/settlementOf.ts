/**
 * From how a delivery ended to what its row says.
 *
 * @internal
 */
import { Effect } from "effect"
import { describe, placeOf, principal, stackOf } from "../../errors/errorText.ts"
import { groupOf } from "../../model/errorFingerprint.ts"
import * as RetryPolicy from "../../model/RetryPolicy.ts"
import { type DeliveryKey, type Settlement, snoozedTag } from "../../stores/Delivery.ts"
import type { RetryRules } from "../consumerRules.ts"
import { unwrapped } from "./directiveOf.ts"
import type { Outcome } from "./outcome.ts"

/** A delivery, and how many of its attempts counted before this one. */
type Attempted = DeliveryKey & { readonly attemptCount: number }

const givenUp = (rules: RetryRules) => (rules.deadLetters ? ("dead_letter" as const) : ("failed" as const))

const seen = ({ attemptCount, consumer, deliveryId, eventId }: Attempted) => ({
  deliveryId,
  eventId,
  consumer,
  seenAttempts: attemptCount
})

/** Whether the consumer says that retrying cannot help. A rule that fails says nothing. */
const isHopeless = ({ retryable }: RetryRules, tag: string, error: unknown): boolean => {
  const rule = retryable !== undefined && Object.hasOwn(retryable, tag) ? retryable[tag] : undefined
  if (typeof rule !== "function") return rule === false
  try {
    return rule(error) === false
  } catch {
    return false
  }
}

const settlementOfFailure = Effect.fnUntraced(function* (
  row: Attempted,
  outcome: Extract<Outcome, { _tag: "Failed" }>,
  rules: RetryRules,
  durationMillis: number
): Effect.fn.Return<Settlement> {
  const cause = unwrapped(outcome.cause)
  const error = principal(cause)
  const { tag, text } = describe(error)
  const decision = yield* RetryPolicy.decide({
    ...rules,
    failures: row.attemptCount + 1,
    isFatal: outcome.directive?._tag === "Fatal" || isHopeless(rules, tag, error),
    delayMillis: outcome.directive?._tag === "RetryAfter" ? outcome.directive.delayMillis : undefined
  })
  const detail = stackOf(cause, text)
  // What is behind the words: they may hold lines that look like those of a stack.
  const place = placeOf(detail.slice(text.length))
  const failure = { durationMillis, detail, group: groupOf({ consumer: row.consumer, errorTag: tag, text, place }) }
  return decision._tag === "Retry"
    ? { ...seen(row), status: "failed", retryInMillis: decision.inMillis, error: text, errorTag: tag, failure }
    : { ...seen(row), status: decision.status, retryInMillis: undefined, error: text, errorTag: tag, failure }
})

/**
 * What to write about one delivery that this attempt settles or puts off.
 *
 * @param durationMillis - how long the attempt took
 */
export const settlementOf = (
  row: Attempted,
  outcome: Outcome,
  rules: RetryRules,
  durationMillis: number
): Effect.Effect<Settlement> => {
  const settled = { ...seen(row), retryInMillis: undefined, errorTag: undefined, failure: undefined }
  switch (outcome._tag) {
    case "Processed":
      return Effect.succeed({ ...settled, status: "processed", error: undefined })
    case "Skipped":
      return Effect.succeed({ ...settled, status: "skipped", error: outcome.reason })
    case "Snoozed": {
      const { delayMillis: retryInMillis, reason: error } = outcome
      return Effect.succeed({ ...settled, status: "snoozed", retryInMillis, error, errorTag: snoozedTag })
    }
    case "Unreadable": {
      const { _tag: errorTag, message: error } = outcome.error
      return Effect.succeed({
        ...settled,
        status: givenUp(rules),
        error,
        errorTag,
        failure: {
          durationMillis,
          detail: error,
          group: groupOf({ consumer: row.consumer, errorTag, text: error, place: undefined })
        }
      })
    }
    case "Failed":
      return settlementOfFailure(row, outcome, rules, outcome.durationMillis ?? durationMillis)
  }
}
