/**
 * Statements over `integration_contract`.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { type Contract, type ContractKey, ContractStore, type StoredContract } from "../stores/ContractStore.ts"
import { storeErrorsOf } from "./connection/errors.ts"
import { TableClient } from "./connection/tableClient.ts"

const columns = `c.event_name AS "eventName", c.version AS "version", c.source_module AS "sourceModule",
  c.aggregate_type AS "aggregateType", c.owner AS "owner", c.deprecated AS "deprecated", c.json_schema AS "jsonSchema",
  c.fingerprint AS "fingerprint", c.has_up AS "hasUp", c.has_down AS "hasDown",
  c.first_seen_at AS "firstSeenAt", c.last_seen_at AS "lastSeenAt"`

const find = (sql: SqlClient.SqlClient) => (keys: ReadonlyArray<ContractKey>) =>
  sql.unsafe<StoredContract>(
    `SELECT ${columns}
    FROM integration_contract AS c
    JOIN unnest($1::text[], $2::int[]) AS k (event_name, version)
      ON c.event_name = k.event_name AND c.version = k.version
    ORDER BY c.event_name, c.version`,
    [keys.map(({ eventName }) => eventName), keys.map(({ version }) => version)]
  )

const all = (sql: SqlClient.SqlClient) =>
  sql.unsafe<StoredContract>(`SELECT ${columns} FROM integration_contract AS c ORDER BY c.event_name, c.version`)

/** Rows are written in the order of their keys, so that two writers never wait for each other. */
const insert = (sql: SqlClient.SqlClient, onConflict: string) => (contracts: ReadonlyArray<Contract>) =>
  sql.unsafe(
    `INSERT INTO integration_contract
      (event_name, version, source_module, aggregate_type, owner, deprecated, json_schema, fingerprint, has_up, has_down)
    SELECT g."eventName", g.version, g."sourceModule", g."aggregateType", g.owner, g.deprecated, g."jsonSchema", g.fingerprint,
      g."hasUp", g."hasDown"
    FROM jsonb_to_recordset($1::jsonb) AS g (
      "eventName" text, version int, "sourceModule" text, "aggregateType" text, owner text, deprecated text, "jsonSchema" jsonb,
      fingerprint text, "hasUp" boolean, "hasDown" boolean
    )
    ORDER BY g."eventName", g.version
    ON CONFLICT (event_name, version) ${onConflict}`,
    [JSON.stringify(contracts)]
  )

const overwrite = `DO UPDATE SET source_module = excluded.source_module, aggregate_type = excluded.aggregate_type,
  owner = excluded.owner, deprecated = excluded.deprecated, json_schema = excluded.json_schema,
  fingerprint = excluded.fingerprint, has_up = excluded.has_up, has_down = excluded.has_down, last_seen_at = clock_timestamp()`

export const layer: Layer.Layer<ContractStore, never, TableClient> = Layer.effect(
  ContractStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    return ContractStore.of({
      find: (keys) => storeErrors("contracts.find")(find(sql)(keys)),
      add: (contracts) => storeErrors("contracts.add")(Effect.asVoid(insert(sql, "DO NOTHING")(contracts))),
      replace: (contracts) => storeErrors("contracts.replace")(Effect.asVoid(insert(sql, overwrite)(contracts))),
      all: storeErrors("contracts.all")(all(sql))
    })
  })
)
