/**
 * What every client's transactions must do, for the engine to share them.
 *
 * @internal
 */
import type { TransactionClient } from "../../stores/TransactionClient.ts"
import type { Check } from "./Check.ts"
import { clientTransactions } from "./clientTransactions.ts"
import { clientValues } from "./clientValues.ts"

/** What a client cannot do, and what is no transaction of it. @since 0.1.0 */
export interface TransactionClientOptions {
  /** The client gives rows as objects only: columns of one name are one column. Default: false. */
  readonly areRowsObjects?: boolean | undefined
  /** What somebody may take for a transaction and is none: the pool, the client itself. Default: nothing. */
  readonly notTransactions?: ReadonlyArray<unknown> | undefined
}

/** The checks, for one client. */
export const transactionClient = <Tx>(
  client: TransactionClient<Tx>,
  options: TransactionClientOptions = {}
): ReadonlyArray<Check<never>> => [
  ...clientTransactions(client, options.notTransactions ?? []),
  ...clientValues(client, options.areRowsObjects ?? false)
]
