/**
 * What a SQLSTATE means, read from causes: contention between transactions, a lost connection, an aborted transaction.
 *
 * @internal
 */
import { Cause } from "effect"
import { SqlError } from "effect/sql"

/** Ways through which one error holds another; the last two are Prisma's. */
const links = ["cause", "reason", "error", "defect", "meta", "driverAdapterError"] as const

/** Every error inside `value`, outermost first; users wrap database errors in their own. */
function* nested(value: unknown, depth = 0): Generator<object> {
  if (typeof value !== "object" || value === null || depth > 8) return
  yield value
  for (const link of links) yield* nested((value as Record<string, unknown>)[link], depth + 1)
}

function* errorsOf(cause: Cause.Cause<unknown>): Generator<object> {
  for (const reason of cause.reasons) {
    if (Cause.isFailReason(reason)) yield* nested(reason.error)
    if (Cause.isDieReason(reason)) yield* nested(reason.defect)
  }
}

/**
 * Prisma's own codes look like SQLSTATEs. These are said instead of one; with others, the server's is in an error within, if there is one.
 */
const prismaCodes: Readonly<Record<string, string>> = { P1001: "08001", P1002: "08001", P1017: "08006", P2034: "40001" }

const codeOf = (error: object): string | undefined => {
  const fields = error as { readonly clientVersion?: unknown; readonly code?: unknown; readonly originalCode?: unknown }
  // What Prisma's driver adapters keep of the server's error.
  if (typeof fields.originalCode === "string") return fields.originalCode
  const code = typeof fields.code === "string" ? fields.code : undefined
  return code !== undefined && fields.clientVersion !== undefined ? prismaCodes[code] : code
}

/** Every code in an error and in those inside it, outermost first: SQLSTATEs, and names of what sockets say. */
export const codesOf = (error: unknown): ReadonlyArray<string> =>
  [...nested(error)].flatMap((each) => codeOf(each) ?? [])

/** What the server said, where a client keeps that apart from what it makes of it, as Prisma's driver adapters do. */
export const originalMessageOf = (error: unknown): string | undefined => {
  for (const each of nested(error)) {
    const { originalMessage } = each as { readonly originalMessage?: unknown }
    if (typeof originalMessage === "string") return originalMessage
  }
  return undefined
}

/** SQLSTATEs of transactions that stand in each other's way: serialization_failure, deadlock_detected, lock_not_available. */
const contentionCodes = new Set(["40001", "40P01", "55P03"])

/** Whether transactions stood in each other's way: nobody's fault, and gone when repeated. */
export const isContention = (cause: Cause.Cause<unknown>): boolean => {
  for (const error of errorsOf(cause)) {
    const code = codeOf(error)
    if (code !== undefined && contentionCodes.has(code)) return true
    if (
      error instanceof SqlError.SerializationError ||
      error instanceof SqlError.DeadlockError ||
      error instanceof SqlError.LockTimeoutError
    ) {
      return true
    }
  }
  return false
}

/** Whether the database rolled a transaction back because of others, so that it can be repeated as it was. */
export const isRolledBack = (cause: Cause.Cause<unknown>): boolean => {
  for (const error of errorsOf(cause)) {
    const code = codeOf(error)
    if (code === "40001" || code === "40P01") return true
    if (error instanceof SqlError.SerializationError || error instanceof SqlError.DeadlockError) return true
  }
  return false
}

/**
 * SQLSTATEs with which a server ends a connection: admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped,
 * idle_in_transaction_session_timeout, transaction_timeout; connection exceptions; and read_only_sql_transaction: the
 * server has been demoted, and another one is to be found.
 */
const lostCodes = /^(57P0[1-4]|25P0[34]|25006|08...)$/

/** Whether the connection to the database has ended, whatever it was that ended it. */
export const isConnectionLost = (cause: Cause.Cause<unknown>): boolean => {
  for (const error of errorsOf(cause)) {
    const code = codeOf(error)
    if (error instanceof SqlError.ConnectionError || (code !== undefined && lostCodes.test(code))) return true
  }
  return false
}

/**
 * What passes by itself while a database or its network starts: names that are not known yet, ports that nobody listens at, and
 * cannot_connect_now, too_many_connections, admin_shutdown, crash_shutdown, connection exceptions.
 */
const passingCodes =
  /^(ENOENT|ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|57P0[1-3]|53300|08...)$/

/** What a client says of it that has no code. */
const passingWords = /closed unexpectedly|timeout|timed out/i

/** Whether a connection that could not be made may be made later, without a change. */
export const isPassing = (error: SqlError.SqlError): boolean => {
  for (const each of nested(error)) {
    const code = codeOf(each)
    if (code !== undefined) return passingCodes.test(code)
    if (each instanceof Error && passingWords.test(each.message)) return true
  }
  return false
}

/** SQLSTATEs: two characters of a class, three of a condition; unlike names of socket errors, with a digit. */
const sqlState = /^(?=.*\d)[0-9A-Z]{5}$/

/** The server's SQLSTATE in an error of any client, if it is one of the server. */
export const sqlStateOf = (error: unknown): string | undefined => codesOf(error).find((code) => sqlState.test(code))

/** Whether the server said no to a statement, and so did nothing of it: not when the connection ended instead. */
export const isRefused = (cause: Cause.Cause<unknown>): boolean => {
  if (isConnectionLost(cause)) return false
  for (const error of errorsOf(cause)) if (sqlState.test(codeOf(error) ?? "")) return true
  return false
}

/** Whether a role may not do what it was to do (insufficient_privilege). */
export const isForbidden = (error: unknown): boolean => {
  for (const each of nested(error)) if (codeOf(each) === "42501") return true
  return false
}

/** Whether a statement ended itself with an exception (raise_exception). */
export const isRaised = (error: unknown): boolean => {
  for (const each of nested(error)) if (codeOf(each) === "P0001") return true
  return false
}

/** Whether the server only reads. */
export const isReadOnly = (cause: Cause.Cause<unknown>): boolean => {
  for (const error of errorsOf(cause)) if (codeOf(error) === "25006") return true
  return false
}

/** Whether PostgreSQL refused a statement because an earlier one had failed (in_failed_sql_transaction). */
export const isAborted = (cause: Cause.Cause<unknown>): boolean => {
  for (const error of errorsOf(cause)) if (codeOf(error) === "25P02") return true
  return false
}

/** Whether a prepared statement was not there (invalid_sql_statement_name). */
export const isNotPrepared = (cause: Cause.Cause<unknown>): boolean => {
  for (const error of errorsOf(cause)) if (codeOf(error) === "26000") return true
  return false
}
