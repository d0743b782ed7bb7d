/**
 * Whether a client can open the engine's transactions: it reaches the same database, and gives values as they are expected.
 *
 * @internal
 */
import { Effect, Option } from "effect"
import { SqlClient } from "effect/sql"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { AnyTransactionClient } from "../../stores/TransactionClient.ts"
import { storeErrors } from "../connection/errors.ts"
import { openTransaction } from "./openTransaction.ts"
import { databaseOf } from "./sameDatabase.ts"

/** One value of each type that the engine's statements give. */
const sample = `
  SELECT 7::int AS "number", true AS "boolean", now() AS "time", '{"a":[1]}'::jsonb AS "json", '{a,"b c"}'::text[] AS "list",
    'text'::text AS "text", NULL::text AS "null"`

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

/** Fails with `InvalidOption` for a client of another database, or one whose values are not as the engine reads them. */
export const checkClient = (
  client: AnyTransactionClient
): Effect.Effect<void, InvalidOption | StoreError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const look = Effect.gen(function* () {
      const [connection] = Option.getOrThrow(yield* Effect.serviceOption(sql.transactionService))
      if (!(yield* databaseOf(sql).isThatOf(connection))) {
        return yield* Effect.fail(
          refused(client, "a client of another database", "one of the database of the PgClient")
        )
      }
      const [row] = yield* connection.execute(sample, [], undefined)
      const wrong = Object.entries(isAsExpected).find(([name, isFine]) => !isFine(row[name]))
      if (wrong === undefined) return
      const [name] = wrong
      return yield* Effect.fail(
        refused(
          client,
          `one that reads a ${name} as ${typeof row[name]} ${String(row[name]).slice(0, 40)}`,
          "one that reads values as node-postgres does by default: see its type parsers"
        )
      )
    })
    yield* storeErrors("client")(openTransaction(sql, client, sql.withTransaction(look), undefined))
  })
