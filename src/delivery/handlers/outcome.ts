/**
 * How deliveries ended, before anything is written about it.
 *
 * @internal
 */
import { Cause } from "effect"
import { HandlerCrashed, HandlerUnresponsive } from "../../errors/HandlerErrors.ts"
import type { PayloadTooLarge } from "../../errors/PayloadErrors.ts"
import { isContention } from "../../errors/sqlState.ts"
import type { Consumer } from "../../model/Consumer.ts"
import { Directive } from "../../model/Directive.ts"
import type { DecodeError } from "../../model/payloadCodec.ts"
import type { Claimed } from "../../stores/Delivery.ts"

/** Given back without an attempt. */
export interface Snoozed {
  readonly _tag: "Snoozed"
  readonly delayMillis: number
  readonly reason: string | undefined
  /** Whether all that its consumer has waits as long. */
  readonly cools: boolean
}

/** How a delivery ended. What a handler wrote stays unless it failed or was snoozed. */
export type Outcome =
  | { readonly _tag: "Processed" }
  | { readonly _tag: "Skipped"; readonly reason: string | undefined }
  | Snoozed
  | { readonly _tag: "Unreadable"; readonly error: DecodeError | PayloadTooLarge }
  | {
      readonly _tag: "Failed"
      readonly cause: Cause.Cause<unknown>
      readonly directive: Directive | undefined
      /** How long the attempt took, when it was another one than this, which never ended. */
      readonly durationMillis?: number
    }

/**
 * Whether an attempt failed by the fault of its handler or payload: not of others that stood in its way, nor of a process that ended
 * or fell silent, about which nobody knows.
 */
export const isFault = (outcome: Outcome): boolean =>
  outcome._tag === "Unreadable" ||
  (outcome._tag === "Failed" && outcome.durationMillis === undefined && !isContention(outcome.cause))

/** Several deliveries and how they ended, or why none of them did: the call that had them failed. */
export type BatchOutcome =
  | { readonly _tag: "Each"; readonly outcomes: ReadonlyArray<readonly [Claimed, Outcome]> }
  | { readonly _tag: "None"; readonly rows: ReadonlyArray<Claimed>; readonly cause: Cause.Cause<unknown> }

/** A failure that is not a handler's own: a timeout, a lost connection, a failed commit. */
export const failedOutcome = (cause: Cause.Cause<unknown>): Outcome => ({ _tag: "Failed", cause, directive: undefined })

/** An attempt that never ended, repeated at once and in its old place: it has waited for long. */
const repeatedAtOnce = (error: Error, durationMillis: number): Outcome => ({
  _tag: "Failed",
  cause: Cause.fail(error),
  directive: Directive.RetryAfter(0, error),
  durationMillis
})

/**
 * The failure of an attempt whose process or connection has ended. Put off, it would be due in a batch again where its
 * consumer recovers no more, and end another process at no charge.
 */
export const crashedOutcome = ({ name }: Consumer, { eventName }: Claimed, durationMillis: number): Outcome =>
  repeatedAtOnce(new HandlerCrashed({ consumer: name, eventName }), durationMillis)

/** The failure of an attempt whose process runs, and has not renewed its lease for so many milliseconds. */
export const unresponsiveOutcome = ({ name }: Consumer, { eventName }: Claimed, silentMillis: number): Outcome =>
  repeatedAtOnce(new HandlerUnresponsive({ consumer: name, eventName, silentMillis }), silentMillis)
