/**
 * Statements over `integration_replica`, and the notes of attempts that began.
 *
 * A running process holds a shared session lock on its id, on the control connection: PostgreSQL frees it the moment
 * the process is gone. Where there is no such connection (PGlite), nobody else can be running.
 *
 * @internal
 */
import { hostname } from "node:os"
import { Effect, Layer } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { SqlClient } from "effect/sql"
import { cutTo } from "../model/storable.ts"
import { type AboutReplica, type Replica, ReplicaStore, type Served, type Serving } from "../stores/ReplicaStore.ts"
import { eraseStarted, findStarted, noteStarted } from "./attemptNotes.ts"
import { ControlConnection, type Query, type Session } from "./connection/controlConnection.ts"
import { storeErrorsOf } from "./connection/errors.ts"
import { type InTransaction, maintenanceTransaction } from "./connection/maintenanceTransaction.ts"
import { TableClient, tablesId } from "./connection/tableClient.ts"
import { endRecovery, isRecorded, lockConsumers, startRecovery } from "./recovery.ts"

/** The session lock of a process; advisory locks are shared by all schemas of a database. */
const lockKey = (id: string) => `hashtextextended(${tablesId} || '.replica.' || (${id})::text, 0)`

/** What processes recorded about a consumer, as it is stored. */
type Recorded = Readonly<Record<string, Omit<Served, "consumer">>>

/** Row of this process; what it served before a connection was lost stays. */
const enter = (query: Query, id: string, isLocked: boolean, about: AboutReplica) =>
  query(
    `INSERT INTO integration_replica (id, host, pid, status, is_locked, version, application_version, max_batches)
    VALUES ($1::uuid, $2, $3::int, 'running', $4::boolean, $5, $6, $7::int)
    ON CONFLICT (id) DO UPDATE SET status = 'running', stopped_at = NULL, last_seen_at = clock_timestamp(),
      version = excluded.version, application_version = excluded.application_version, max_batches = excluded.max_batches`,
    [
      id,
      hostname().slice(0, 255),
      process.pid,
      isLocked,
      about.version,
      about.applicationVersion === undefined ? null : cutTo(about.applicationVersion, 255),
      about.maxBatches
    ]
  )

/** Records what this process serves. What it served before stays, without names. */
const serve = (query: Query, id: string, served: ReadonlyArray<Served>) =>
  query(
    `UPDATE integration_replica
    SET consumers = (
        SELECT coalesce(jsonb_object_agg(key, value || '{"names": [], "patterns": [], "ordering": null}'), '{}') FROM jsonb_each(consumers)
      ) || $2::jsonb,
      last_seen_at = clock_timestamp()
    WHERE id = $1::uuid`,
    [id, JSON.stringify(Object.fromEntries(served.map(({ consumer, ...rest }) => [consumer, rest])))]
  )

const serving = (sql: SqlClient.SqlClient) => (consumer: string, silentMillis: number) =>
  sql.unsafe<Serving>(
    `SELECT r.id::text AS "id", r.host AS "host", r.pid AS "pid", s.served || jsonb_build_object('consumer', $1::text) AS "served"
    FROM integration_replica AS r
    CROSS JOIN LATERAL (SELECT r.consumers->$1 AS served) AS s
    WHERE r.status = 'running' AND r.last_seen_at > clock_timestamp() - $2::float8 * interval '1 millisecond'
      AND (s.served->'names' <> '[]' OR s.served->'patterns' <> '[]')
    ORDER BY r.started_at DESC, r.id`,
    [consumer, silentMillis]
  )

const leave = (sql: SqlClient.SqlClient, id: string) => sql`
  UPDATE integration_replica SET status = 'stopped', stopped_at = clock_timestamp() WHERE id = ${id}::uuid`

/** Removes processes that ended more than a day ago. */
const forget = (sql: SqlClient.SqlClient) => sql`
  DELETE FROM integration_replica
  WHERE id = ANY (ARRAY(
    SELECT id
    FROM integration_replica
    WHERE status <> 'running' AND stopped_at < clock_timestamp() - interval '1 day'
    FOR UPDATE SKIP LOCKED
  ))`

/** Whether a process is known to run: it is not, or it cannot be told, where it holds no lock. */
export const isRunning = (r: string) =>
  `(${r}.status = 'running' AND ${r}.is_locked AND NOT pg_try_advisory_xact_lock(${lockKey(`${r}.id`)}))`

/** Whether `r` has ended: its lock is free. Without a lock there is only how long it has not been heard of. */
const hasEnded = `CASE WHEN r.is_locked THEN pg_try_advisory_xact_lock(${lockKey("r.id")}) ELSE $3::boolean END`

/** Marks processes that ended without a word; returns what they served. */
const markDead = (sql: SqlClient.SqlClient) => (id: string, silentMillis: number, isAlone: boolean) =>
  sql.unsafe<{ consumers: Recorded }>(
    `WITH silent AS MATERIALIZED (
      SELECT r.id
      FROM integration_replica AS r
      WHERE r.status = 'running' AND r.id <> $1::uuid
        AND r.last_seen_at <= clock_timestamp() - $2::float8 * interval '1 millisecond'
      FOR UPDATE SKIP LOCKED
    ), ended AS MATERIALIZED (
      SELECT r.id
      FROM silent AS s
      JOIN integration_replica AS r ON r.id = s.id
      WHERE ${hasEnded}
    )
    UPDATE integration_replica AS r
    SET status = 'dead', stopped_at = clock_timestamp()
    FROM ended AS e
    WHERE r.id = e.id
    RETURNING r.consumers AS "consumers"`,
    [id, silentMillis, isAlone || silentMillis > 0]
  )

/** What other running processes serve that hold no lock. */
const unlocked = (sql: SqlClient.SqlClient) => (id: string) =>
  sql<{ consumers: Recorded }>`
  SELECT consumers AS "consumers"
  FROM integration_replica
  WHERE status = 'running' AND NOT is_locked AND id <> ${id}::uuid`

/** What is recorded of processes that run, or ended lately. */
const recorded = (sql: SqlClient.SqlClient) =>
  sql.unsafe<{ consumers: Recorded }>(
    `SELECT consumers AS "consumers" FROM integration_replica AS r WHERE ${isRecorded("r")}`
  )

const all = (sql: SqlClient.SqlClient) => sql<Replica>`
  SELECT id::text AS "id", host AS "host", pid AS "pid", status AS "status", version AS "version",
    application_version AS "applicationVersion", is_listening AS "isListening", batches AS "batches",
    max_batches AS "maxBatches", started_at AS "startedAt",
    last_seen_at AS "lastSeenAt", stopped_at AS "stoppedAt",
    ARRAY(
      SELECT c.key FROM jsonb_each(consumers) AS c WHERE c.value->'names' <> '[]' OR c.value->'patterns' <> '[]' ORDER BY 1
    ) AS "consumers"
  FROM integration_replica
  ORDER BY started_at DESC, id`

/** What this process is found by, and works with. */
interface Own {
  readonly id: string
  readonly sql: SqlClient.SqlClient
  readonly control: ControlConnection["Service"]
  /** Runs a statement on the control connection. */
  readonly query: Query
  /** Names the tables in statements on another connection. */
  readonly on: TableClient["Service"]["on"]
  readonly inTransaction: InTransaction
}

/** What a process serves: of what it served before there are no names. */
const servedBy = ({ consumers }: { readonly consumers: Recorded }) =>
  Object.keys(consumers).filter((name) => {
    const served = consumers[name]
    return served !== undefined && served.names.length + served.patterns.length > 0
  })

/** What is known to have been served of a consumer. */
const servedIn = (known: ReadonlyArray<{ readonly consumers: Recorded }>, consumer: string) =>
  known.flatMap(({ consumers }) => consumers[consumer] ?? [])

/** Begins the recovery of all consumers of processes that are found to have ended. Returns how many those are. */
const reap = ({ id, inTransaction, sql }: Own, silentMillis: number, isAlone: boolean) =>
  Effect.gen(function* () {
    const dead = yield* markDead(sql)(id, silentMillis, isAlone)
    // At the start it is not known of those without a lock whether they run: recovery costs little.
    const doubtful = silentMillis > 0 ? [] : yield* unlocked(sql)(id)
    if (dead.length + doubtful.length === 0) return 0
    const known = yield* recorded(sql)
    const consumers = [...new Set([...dead, ...doubtful].flatMap(servedBy))]
    yield* lockConsumers(sql)(consumers)
    for (const consumer of consumers) {
      yield* startRecovery(sql)(consumer, servedIn(known, consumer), true)
    }
    return dead.length
  }).pipe(inTransaction)

/** Locks the id of this process and writes its row, on every control connection there will be. */
const enterOnSession =
  ({ id, on }: Own, about: AboutReplica) =>
  (session: Session) =>
    Effect.andThen(
      // The lock comes first: a running row whose lock is free is a process that has ended.
      session.hasState ? on(session.query)(`SELECT pg_advisory_lock_shared(${lockKey("$1")})`, [id]) : Effect.void,
      enter(on(session.query), id, session.hasState, about)
    )

const join = Effect.fnUntraced(function* (own: Own, about: AboutReplica) {
  const { control, id, query, sql } = own
  yield* control.isSeparate ? control.onSession(enterOnSession(own, about)) : enter(query, id, false, about)
  yield* forget(sql)
  yield* reap(own, 0, !control.isSeparate)
})

const make = Effect.gen(function* () {
  const { on, sql } = yield* TableClient
  const storeErrors = storeErrorsOf(sql)
  const control = yield* ControlConnection
  const id = SecureRandom.uuidV7Unsafe()
  const own: Own = { id, sql, control, on, query: on(control.query), inTransaction: yield* maintenanceTransaction(sql) }
  return ReplicaStore.of({
    id,
    join: (about) => storeErrors("replicas.join")(join(own, about)),
    serve: (served) => storeErrors("replicas.serve")(Effect.asVoid(serve(own.query, id, served))),
    serving: (consumer, silentMillis) => storeErrors("replicas.serving")(serving(sql)(consumer, silentMillis)),
    leave: storeErrors("replicas.leave")(Effect.asVoid(leave(sql, id))),
    reap: (silentMillis) => storeErrors("replicas.reap")(reap(own, silentMillis, false)),
    startRecovery: (consumer) =>
      storeErrors("replicas.startRecovery")(
        Effect.flatMap(recorded(sql), (known) =>
          Effect.asVoid(startRecovery(sql)(consumer, servedIn(known, consumer), false))
        )
      ),
    endRecovery: (consumers) => storeErrors("replicas.endRecovery")(Effect.asVoid(endRecovery(sql)(consumers))),
    noteStarted: (deliveries) => storeErrors("replicas.noteStarted")(noteStarted(sql, own.query, id, deliveries)),
    findStarted: (deliveries) => storeErrors("replicas.findStarted")(findStarted(sql)(deliveries)),
    eraseStarted: (deliveries, { own = false } = {}) =>
      storeErrors("replicas.eraseStarted")(Effect.asVoid(eraseStarted(sql)(deliveries, own ? id : undefined))),
    all: storeErrors("replicas.all")(all(sql))
  })
})

export const layer: Layer.Layer<ReplicaStore, never, TableClient | ControlConnection> = Layer.effect(ReplicaStore, make)
