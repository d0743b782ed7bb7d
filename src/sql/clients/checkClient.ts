/**
 * Whether a client can open the engine's transactions: it reaches the same database, gives values as they are expected, and what it waits
 * for can be ended.
 *
 * @internal
 */
import { Effect, Option } from "effect"
import type { SqlClient } from "effect/sql"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { AnyTransactionClient } from "../../stores/TransactionClient.ts"
import { storeErrors } from "../connection/errors.ts"
import { openTransaction } from "./openTransaction.ts"
import { databaseOf } from "./sameDatabase.ts"

/** One value of each type that the engine's statements give. */
const sample = `
  SELECT 7::int AS "number", true AS "boolean", now() AS "time", '{"a":[1]}'::jsonb AS "json", '{a,"b c"}'::text[] AS "list",
    'text'::text AS "text", NULL::text AS "null", current_user::text AS "role"`

/** Whether the role of the integration may end what another does. See the documentation of pg_terminate_backend. */
const mayEnd = `
  SELECT o.rolsuper OR NOT t.rolsuper AND (pg_has_role(t.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')) AS "may",
    o.rolname::text AS "role"
  FROM pg_roles AS o
  JOIN pg_roles AS t ON t.rolname = $1::text
  WHERE o.rolname = current_user`

const isAsExpected: Readonly<Record<string, (value: unknown) => boolean>> = {
  number: (value) => value === 7,
  boolean: (value) => value === true,
  time: (value) => value instanceof Date,
  json: (value) => JSON.stringify(value) === '{"a":[1]}',
  list: (value) => JSON.stringify(value) === '["a","b c"]',
  text: (value) => value === "text",
  null: (value) => value === null
}

const refused = (client: AnyTransactionClient, value: string, expected: string) =>
  new InvalidOption({ option: `client (${client.name}) of Integration.layer`, value, expected })

/**
 * Fails with `InvalidOption` for a client of another database, one whose values are not as the engine reads them, or one of a role whose
 * statements the engine may not end.
 */
export const checkClient = (
  sql: SqlClient.SqlClient,
  client: AnyTransactionClient
): Effect.Effect<void, InvalidOption | StoreError> =>
  Effect.gen(function* () {
    const look = Effect.gen(function* () {
      const [connection] = Option.getOrThrow(yield* Effect.serviceOption(sql.transactionService))
      if (!(yield* databaseOf(sql).isThatOf(connection))) {
        return yield* Effect.fail(
          refused(client, "a client of another database", "one of the database of the PgClient")
        )
      }
      const [row] = yield* connection.execute(sample, [], undefined)
      const wrong = Object.entries(isAsExpected).find(([name, isFine]) => !isFine(row[name]))
      if (wrong === undefined) return row.role
      const [name] = wrong
      return yield* Effect.fail(
        refused(
          client,
          `one that reads a ${name} as ${typeof row[name]} ${String(row[name]).slice(0, 40)}`,
          "one that reads values as node-postgres does by default: see its type parsers"
        )
      )
    })
    const role = yield* storeErrors("client")(openTransaction(sql, client, sql.withTransaction(look), undefined))
    const [allowed] = yield* storeErrors("client")(
      sql.unsafe<{ readonly may: boolean; readonly role: string }>(mayEnd, [role])
    )
    if (allowed?.may === false) {
      const grant = `the role of the PgClient, or one that "${allowed.role}" is a member of (GRANT "${role}" TO "${allowed.role}"): the engine ends what an interrupted handler waits for`
      return yield* Effect.fail(refused(client, `one that connects as "${role}"`, grant))
    }
  })
