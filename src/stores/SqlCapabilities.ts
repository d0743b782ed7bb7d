/**
 * What the database behind the `SqlClient` can do, where PostgreSQL and embedded PGlite differ.
 *
 * The engine reads it and picks the statements and the concurrency that work; it never asks which database it is. The
 * defaults describe a PostgreSQL server, so `PgClient.layer` needs nothing beside it, and `PgLite.layer` brings its own
 * values along.
 *
 * @since 0.1.0
 */
import { Context } from "effect"

/** What a database can do. @since 0.1.0 */
export interface SqlCapabilities {
  /**
   * The database has one session: transactions run one after the other, and whoever asks for a second session while
   * holding a transaction (`sql.reserve`, a second client, `LISTEN`, code that left the transaction's fiber) waits for
   * itself, without end. Session state (`SET`, temporary tables, session-level advisory locks) is shared by everyone.
   * Default false.
   */
  readonly singleSession: boolean
  /**
   * `SET LOCAL lock_timeout` may be used. Where it is false a statement may wait for a lock as long as it takes, and
   * setting any session timeout (`lock_timeout`, `statement_timeout`, `idle_in_transaction_session_timeout`) is not
   * safe: PGlite has no timer interrupts and can stop the event loop for good. Default true.
   */
  readonly lockTimeout: boolean
}

/**
 * The capabilities of the `SqlClient` in the same context. A reference: it has a default and is never missing from a
 * context. A layer that provides a `SqlClient` for something that is not a PostgreSQL server provides this too:
 * `Layer.succeed(SqlCapabilities, { singleSession: true, lockTimeout: false })`.
 *
 * @since 0.1.0
 */
export const SqlCapabilities: Context.Reference<SqlCapabilities> = Context.Reference<SqlCapabilities>(
  "effect-integration/SqlCapabilities",
  { defaultValue: () => ({ singleSession: false, lockTimeout: true }) }
)
