/**
 * The connection of a transaction that somebody else opened, which is looked at before anything is written: whether a transaction is open at
 * all, and of which database.
 *
 * @internal
 */
import { Effect } from "effect"
import { type SqlConnection, SqlError } from "effect/sql"
import { TransactionUnusable } from "../../errors/TransactionErrors.ts"
import { askedParameters, callsAppend, isUnsure } from "../outbox/appendByFunction.ts"
import type { Database } from "./sameDatabase.ts"

type Connection = SqlConnection.Connection

/** Refused outside of a transaction, and does nothing in one: the catalog is locked so by whoever reads it. */
const onlyInTransaction = "LOCK TABLE pg_catalog.pg_class IN ACCESS SHARE MODE"

/** What there is to know of a transaction. */
interface Given {
  readonly database: Database
  readonly client: object
  readonly tx: object
  /** Its client knows that it is open. */
  readonly isOpen: boolean
  readonly elsewhere: () => TransactionUnusable
}

/** Carries it through what knows errors of statements only. */
const carrying = (cause: TransactionUnusable) =>
  new SqlError.SqlError({
    reason: new SqlError.UnknownError({ cause, message: cause.message, operation: "transaction" })
  })

/** Whether an error carries what is wrong with the transaction. */
export const isUnusable = (error: unknown): error is { readonly reason: { readonly cause: TransactionUnusable } } =>
  error instanceof SqlError.SqlError && error.reason.cause instanceof TransactionUnusable

/**
 * Looks before the first statement. With a client whose transactions were good before, the function that stores a single event looks by
 * itself, which saves up to two round trips; in a database that has no such function, that ends the transaction.
 */
export const checkedConnection = (connection: Connection, given: Given): Connection => {
  const { client, database, elsewhere, isOpen, tx } = given
  let isChecked = false
  const check = Effect.gen(function* () {
    if (!isOpen) yield* connection.executeRaw(onlyInTransaction, [])
    if (!(yield* database.isThatOfTransaction(tx, connection))) return yield* Effect.fail(carrying(elsewhere()))
    isChecked = true
    database.goodClients.add(client)
  })
  const checked = <A>(run: Effect.Effect<A, SqlError.SqlError>) =>
    Effect.suspend(() => (isChecked ? run : Effect.andThen(check, run)))
  const append: Connection["execute"] = (text, parameters, transformRows) =>
    Effect.flatMap(database.ours, (ours) =>
      Effect.flatMap(connection.execute(text, askedParameters(parameters, ours, isOpen), transformRows), (rows) =>
        isUnsure(rows) ? checked(connection.execute(text, parameters, transformRows)) : Effect.succeed(rows)
      )
    )
  const execute: Connection["execute"] = (text, ...rest) =>
    !isChecked && database.goodClients.has(client) && callsAppend(text)
      ? append(text, ...rest)
      : checked(connection.execute(text, ...rest))
  return {
    ...connection,
    execute,
    executeUnprepared: execute,
    executeRaw: (text, parameters) => checked(connection.executeRaw(text, parameters)),
    executeValues: (text, parameters) => checked(connection.executeValues(text, parameters)),
    executeValuesUnprepared: (text, parameters) => checked(connection.executeValuesUnprepared(text, parameters))
  }
}
