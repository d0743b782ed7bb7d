/**
 * Whether events that are published outside of a transaction are told, or refused: whoever forgets the transaction has the event
 * without what it speaks of, when that fails.
 *
 * @internal
 */
import { Effect } from "effect"
import { makeIsFirst } from "../collections/bounded.ts"
import { TransactionRequired } from "../errors/PayloadErrors.ts"
import { CurrentWrites } from "../stores/deferredWrites.ts"
import type { Transactor } from "../stores/Transactor.ts"

/** What happens to an event that is published outside of a transaction. @since 0.1.0 */
export type RequireTransaction = "off" | "warn" | "refuse"

/** Whether what is written commits with something else: in a transaction, or with the delivery of a leased handler. */
const isWithin = ({ isOpen }: Transactor["Service"]) =>
  Effect.flatMap(CurrentWrites, (writes) => (writes === undefined ? isOpen : Effect.succeed(true)))

/** Asked with the name of what is to be published; in lists, of the first. */
export const makeGuard = (
  transactor: Transactor["Service"],
  requireTransaction: RequireTransaction
): ((eventName: string) => Effect.Effect<void, TransactionRequired>) => {
  if (requireTransaction === "off") return () => Effect.void
  const isFirst = makeIsFirst()
  return (eventName) =>
    Effect.flatMap(isWithin(transactor), (isFine): Effect.Effect<void, TransactionRequired> => {
      if (isFine) return Effect.void
      const error = new TransactionRequired({ eventName })
      if (requireTransaction === "refuse") return Effect.fail(error)
      return isFirst(eventName) ? Effect.logWarning(error.message) : Effect.void
    })
}
