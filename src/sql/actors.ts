/**
 * Statements over `integration_actor`.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import type { Entity } from "../model/DomainEvent.ts"
import { ActorStore, type NewState, type StoredState, type WrittenState } from "../stores/ActorStore.ts"
import { type RowOf, withAggregate } from "./aggregateColumns.ts"
import { storeErrorsOf } from "./connection/errors.ts"
import { TableClient } from "./connection/tableClient.ts"
import { withPosition } from "./exact.ts"

type Row = Omit<RowOf<StoredState>, "position" | "revision"> & { readonly position: string; readonly revision: string }

const toState = (row: Row): StoredState => ({ ...withAggregate(withPosition(row)), revision: BigInt(row.revision) })

type WrittenRow = Pick<Row, "revision" | "version">

const toWritten = ({ revision, version }: WrittenRow): WrittenState => ({ revision: BigInt(revision), version })

/**
 * Any UPDATE, and writing a row anew, makes another version of it: another transaction, or another place when it is the same one.
 * A place that is used again has another transaction.
 */
const version = "xmin::text || ctid::text"

const written = `revision::text AS "revision", ${version} AS "version"`

const columns = `
  source_module AS "sourceModule", aggregate_type AS "aggregateType", aggregate_id AS "aggregateId", state AS "state",
  schema_version AS "schemaVersion", ${written}, updated_at AS "updatedAt", position::text AS "position"`

/** The key of parameters 1 to 4: consumer, module, type and id. As the table computes it. */
const hash = `md5(${[1, 2, 3, 4].map((n) => `length($${n}::text)::text || ':' || $${n}::text`).join(" || ")})`

const keyOf = (consumer: string, { entityId, entityType, module }: Entity) => [consumer, module, entityType, entityId]

const read = (sql: SqlClient.SqlClient) => (consumer: string, aggregate: Entity) =>
  sql.unsafe<Row>(`SELECT ${columns} FROM integration_actor WHERE actor_hash = ${hash}`, keyOf(consumer, aggregate))

const insert = (sql: SqlClient.SqlClient) => (state: NewState) =>
  sql.unsafe<WrittenRow>(
    `INSERT INTO integration_actor (consumer_name, source_module, aggregate_type, aggregate_id, state, schema_version)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6::int)
    ON CONFLICT (actor_hash) DO NOTHING
    RETURNING ${written}`,
    [...keyOf(state.consumer, state.aggregate), state.state, state.schemaVersion]
  )

const update = (sql: SqlClient.SqlClient) => (state: NewState) =>
  sql.unsafe<WrittenRow>(
    `UPDATE integration_actor
    SET state = $5::jsonb, schema_version = $6::int, revision = revision + 1, updated_at = clock_timestamp()
    WHERE actor_hash = ${hash} AND ${version} = $7::text
    RETURNING ${written}`,
    [...keyOf(state.consumer, state.aggregate), state.state, state.schemaVersion, state.after]
  )

const list = (sql: SqlClient.SqlClient) => (consumer: string, position: bigint, limit: number) =>
  sql.unsafe<Row>(
    `SELECT ${columns}
    FROM integration_actor
    WHERE consumer_name = $1 AND position > $2::bigint
    ORDER BY integration_actor.position
    LIMIT $3::int`,
    [consumer, String(position), limit]
  )

export const layer: Layer.Layer<ActorStore, never, TableClient> = Layer.effect(
  ActorStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    return ActorStore.of({
      read: (consumer, aggregate) =>
        storeErrors("actors.read")(
          Effect.map(read(sql)(consumer, aggregate), ([row]) => (row === undefined ? undefined : toState(row)))
        ),
      write: (state) =>
        storeErrors("actors.write")(
          Effect.map(state.after === undefined ? insert(sql)(state) : update(sql)(state), ([row]) =>
            row === undefined ? undefined : toWritten(row)
          )
        ),
      list: (consumer, position, limit) =>
        storeErrors("actors.list")(Effect.map(list(sql)(consumer, position, limit), (rows) => rows.map(toState)))
    })
  })
)
