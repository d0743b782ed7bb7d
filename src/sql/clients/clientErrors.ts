/**
 * Errors of other clients as those of the engine's own: by the server's SQLSTATE, wherever the client keeps it.
 *
 * @internal
 */
import { SqlError } from "effect/sql"
import { sqlStateOf } from "../../errors/sqlState.ts"

/** Errors of a program, which nothing was sent for. */
const isOfProgram = (error: unknown) => error instanceof TypeError || error instanceof RangeError

const reasonOf = (code: string | undefined, props: { cause: unknown; message: string; operation: string }) => {
  if (code === undefined && isOfProgram(props.cause)) return new SqlError.UnknownError(props)
  // Not a word of the server: the connection is gone, or the client gave it up.
  if (code === undefined || code.startsWith("08")) return new SqlError.ConnectionError(props)
  if (code === "40001") return new SqlError.SerializationError(props)
  if (code === "40P01") return new SqlError.DeadlockError(props)
  if (code === "55P03") return new SqlError.LockTimeoutError(props)
  if (code === "57014") return new SqlError.StatementTimeoutError(props)
  if (code === "23505") return new SqlError.UniqueViolation({ ...props, constraint: "unknown" })
  if (code.startsWith("23")) return new SqlError.ConstraintError(props)
  if (code === "42501") return new SqlError.AuthorizationError(props)
  if (code.startsWith("42")) return new SqlError.SqlSyntaxError(props)
  return new SqlError.UnknownError(props)
}

/** What a client says. */
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/**
 * @param client - the client's name
 * @param error - what it rejected with, which stays the cause
 */
export const toSqlError = (client: string, operation: string, error: unknown): SqlError.SqlError =>
  new SqlError.SqlError({
    reason: reasonOf(sqlStateOf(error), { cause: error, message: `${client}: ${messageOf(error)}`, operation })
  })

/** The connection of a transaction is given up, by this process. */
export const givenUp = (client: string): SqlError.SqlError =>
  toSqlError(client, "transaction", new Error("the transaction was given up"))
