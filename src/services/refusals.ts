/**
 * Calls of the reference that are refused, or only go with another client.
 *
 * @internal
 */
import { Effect } from "effect"
import { UnsupportedCall } from "../errors/OperationErrors.ts"
import type { SqlUnavailable, StoreError } from "../errors/StoreErrors.ts"
import type { TransactionUnusable } from "../errors/TransactionErrors.ts"
import { Transactor } from "../stores/Transactor.ts"

/** Of another client's transaction nothing is known without the client. */
const otherTransaction =
  "persistenceClient is another client's transaction, and it is not known whose. Give the client beside the database, { url, client: prismaClient(prisma) }, as of effect-integration/prisma, /pg …; or do both in IntegrationServices.transaction, with its sql."

/** Runs an effect in the transaction of another client, if one was given; fails when the integration knows no other client. */
export const inClient = <A, E, R>(
  call: string,
  persistenceClient: unknown,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | UnsupportedCall | TransactionUnusable | StoreError | SqlUnavailable, R | Transactor> =>
  persistenceClient === undefined || persistenceClient === null
    ? effect
    : Transactor.use(
        ({
          client,
          within
        }): Effect.Effect<A, E | UnsupportedCall | TransactionUnusable | StoreError | SqlUnavailable, R> =>
          client === undefined
            ? Effect.fail(new UnsupportedCall({ call, reason: otherTransaction }))
            : within(persistenceClient, effect)
      )

/** Rejects a call that has no meaning here. */
export const refused = (call: string, reason: string): Promise<never> =>
  Promise.reject(new UnsupportedCall({ call, reason }))
