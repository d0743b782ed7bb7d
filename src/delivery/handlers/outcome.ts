/**
 * How deliveries ended, before anything is written about it.
 *
 * @internal
 */
import { Cause } from "effect"
import { HandlerCrashed } from "../../errors/HandlerErrors.ts"
import type { EventDecodingError, PayloadTooLarge } from "../../errors/PayloadErrors.ts"
import type { Consumer } from "../../model/Consumer.ts"
import { Directive } from "../../model/Directive.ts"
import type { Claimed } from "../../stores/Delivery.ts"

/** How a delivery ended. What a handler wrote stays unless it failed. */
export type Outcome =
  | { readonly _tag: "Processed" }
  | { readonly _tag: "Skipped"; readonly reason: string | undefined }
  | { readonly _tag: "Unreadable"; readonly error: EventDecodingError | PayloadTooLarge }
  | {
      readonly _tag: "Failed"
      readonly cause: Cause.Cause<unknown>
      readonly directive: Directive | undefined
      /** How long the attempt took, when it was another one than this. */
      readonly durationMillis?: number
    }

/** Several deliveries and how they ended, or why none of them did: the call that had them failed. */
export type BatchOutcome =
  | { readonly _tag: "Each"; readonly outcomes: ReadonlyArray<readonly [Claimed, Outcome]> }
  | { readonly _tag: "None"; readonly rows: ReadonlyArray<Claimed>; readonly cause: Cause.Cause<unknown> }

/** A failure that is not a handler's own: a timeout, a lost connection, a failed commit. */
export const failedOutcome = (cause: Cause.Cause<unknown>): Outcome => ({ _tag: "Failed", cause, directive: undefined })

/**
 * The failure of an attempt that never ended. It is repeated at once and in its old place, where its consumer still recovers:
 * put off, it would be due in a batch again, and end another process at no charge.
 */
export const crashedOutcome = (consumer: Consumer, row: Claimed, durationMillis: number): Outcome => {
  const error = new HandlerCrashed({ consumer: consumer.name, eventName: row.eventName })
  return { _tag: "Failed", cause: Cause.fail(error), directive: Directive.RetryAfter(0, error), durationMillis }
}
