/**
 * Calls of the reference that are refused.
 *
 * @internal
 */
import { Effect } from "effect"
import { UnsupportedCall } from "../errors/OperationErrors.ts"

/** Of another client's transaction nothing is known here. */
const otherTransaction =
  "persistenceClient is another client's transaction, which what is written here would not be part of. Do both in IntegrationServices.transaction, with its sql."

/** Fails when a transaction of another client was given. */
export const withoutClient = (call: string, persistenceClient: unknown): Effect.Effect<void, UnsupportedCall> =>
  persistenceClient === undefined || persistenceClient === null
    ? Effect.void
    : Effect.fail(new UnsupportedCall({ call, reason: otherTransaction }))

/** Rejects a call that has no meaning here. */
export const refused = (call: string, reason: string): Promise<never> =>
  Promise.reject(new UnsupportedCall({ call, reason }))
