/**
 * A url or password that is plain text where effect wants it redacted: it says so in words that name neither.
 *
 * @internal
 */
import type { Cause } from "effect"
import { principal } from "./errorText.ts"

/** What to do about it; undefined of every other failure. */
export const plainSecretText = (cause: Cause.Cause<unknown>): string | undefined => {
  const error = principal(cause)
  return error instanceof Error && error.message === "Unable to get redacted value"
    ? "url or password of PgClient.layer is a plain string, or Redacted of another copy of effect. Give Redacted.make(url)."
    : undefined
}
