/**
 * What a handler said with its failure.
 *
 * @internal
 */
import { Cause } from "effect"
import { type Directive, isDirective } from "../../model/Directive.ts"
import type { Snoozed } from "./outcome.ts"

export const directiveOf = (cause: Cause.Cause<unknown>): Directive | undefined => {
  for (const reason of cause.reasons) if (Cause.isFailReason(reason) && isDirective(reason.error)) return reason.error
  return undefined
}

/** The failure a cause is about: without the `fatal` or `retryAfter` that it was wrapped in. */
export const unwrapped = (cause: Cause.Cause<unknown>): Cause.Cause<unknown> => {
  const directive = directiveOf(cause)
  if (directive?._tag === "Fatal") return Cause.fail(directive.error)
  if (directive?._tag === "RetryAfter") return Cause.fail(directive.error ?? "The handler asked for a retry.")
  return cause
}

/** That it is to be called again later, if it said so. */
export const snoozeOf = (cause: Cause.Cause<unknown>): Snoozed | undefined => {
  const directive = directiveOf(cause)
  if (directive?._tag !== "Snooze") return undefined
  const { cools, delayMillis, reason } = directive
  return { _tag: "Snoozed", delayMillis, reason, cools }
}
