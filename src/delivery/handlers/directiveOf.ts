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

/** That it is to be called again later, if it said so. */
export const snoozeOf = (cause: Cause.Cause<unknown>): Snoozed | undefined => {
  const directive = directiveOf(cause)
  if (directive?._tag !== "Snooze") return undefined
  const { cools, delayMillis, reason } = directive
  return { _tag: "Snoozed", delayMillis, reason, cools }
}
