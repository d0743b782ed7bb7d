/** What any side needs of its database, through the client this library uses. */
import { PgClient } from "@effect/sql-pg"
import { Effect, type ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"

/** The client with its defaults, a pool of ten, or with more connections. */
export const clientFor = (url: string, maxConnections?: number) =>
  PgClient.layer({ url: Redacted.make(url), ...(maxConnections === undefined ? {} : { maxConnections }) })

/** What can run a statement. */
export type Runner = Pick<ManagedRuntime.ManagedRuntime<SqlClient.SqlClient, unknown>, "runPromise">

/** Runs one statement. */
export const execute = (runtime: Runner, statement: string) =>
  runtime.runPromise(SqlClient.SqlClient.use((sql) => Effect.withTracerEnabled(sql.unsafe(statement), false)))

/** Fresh statistics, and no checkpoint of what was set up in what is measured. */
export const settleDown = async (runtime: Runner) => {
  await execute(runtime, "VACUUM ANALYZE")
  await execute(runtime, "CHECKPOINT")
}
