/**
 * Where the tables are made and looked for: in a schema that was named, or in the first of the connection's `search_path`.
 *
 * @internal
 */
import { Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"

/** Makes a schema unless it is there: who may not make one can use it. */
const ensure = (schema: string) =>
  Effect.gen(function* () {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const [row] = yield* sql<{ found: boolean }>`SELECT to_regnamespace(quote_ident(${schema})) IS NOT NULL AS "found"`
    // Another process may make it between the two. The client's own way to quote takes a dot for the end of a name.
    if (row?.found !== true) yield* sql.unsafe(`CREATE SCHEMA IF NOT EXISTS "${schema.replaceAll('"', '""')}"`)
  })

/**
 * Runs an effect in a transaction whose plain names mean the schema; without one, as it is.
 *
 * @param isMaking - whether the schema is made unless it is there; default false
 */
export const inSchema =
  (schema: string | undefined, isMaking = false) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError.SqlError, R | SqlClient.SqlClient> =>
    schema === undefined
      ? effect
      : SqlClient.SqlClient.use((sql) =>
          sql.withTransaction(
            Effect.gen(function* () {
              if (isMaking) yield* ensure(schema)
              yield* sql`SELECT set_config('search_path', quote_ident(${schema}), true)`
              return yield* effect
            })
          )
        )
