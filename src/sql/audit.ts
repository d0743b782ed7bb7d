/**
 * Statements over `integration_audit`.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import {
  type AuditEntry,
  type AuditFilter,
  type AuditFound,
  AuditStore,
  auditWindow,
  type NewAuditEntry
} from "../stores/AuditStore.ts"
import { storeErrorsOf } from "./connection/errors.ts"
import { TableClient } from "./connection/tableClient.ts"

const columns = "who, role, action, target, reason, affected, outcome, details"

/** Parameters of the columns of an entry, in their order, but for `affected`. */
export const auditParameters = ({ action, details, outcome, reason, role, target, who }: NewAuditEntry) => [
  who,
  role,
  action,
  target,
  reason,
  outcome,
  details === null ? null : JSON.stringify(details)
]

/**
 * SQL that writes an entry.
 *
 * @param first - number of the first of its seven parameters, those of `auditParameters`
 * @param affected - SQL of how many were changed
 * @param from - what that is asked of, with a condition if need be
 */
export const insertAudit = (first: number, affected: string, from = "") => {
  const [who, role, action, target, reason, outcome, details] = Array.from({ length: 7 }, (_, n) => `$${first + n}`)
  return `INSERT INTO integration_audit (${columns})
    SELECT ${who}::text, ${role}::text, ${action}::text, ${target}::text, ${reason}::text, ${affected}, ${outcome}::text,
      ${details}::jsonb ${from}`
}

/** The parameter that has the reason in `insertAudit` of the same `first`. */
export const auditReason = (first: number) => `$${first + 4}::text`

const add = (sql: SqlClient.SqlClient) => {
  const statement = insertAudit(1, "$8::bigint")
  return (entry: NewAuditEntry) =>
    sql.unsafe(statement, [...auditParameters(entry), entry.affected === null ? null : String(entry.affected)])
}

type Row = Omit<AuditEntry, "affected"> & { readonly affected: string | null }

/** Entries of a window that a filter covers. */
const list = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function* (filter: AuditFilter, after: string | undefined, limit: number) {
    const { action, since, target, until, who } = filter
    const rows = yield* sql.unsafe<Row>(
      `WITH top AS (
        SELECT coalesce(max(id), 0) AS id FROM integration_audit WHERE id < coalesce($1::bigint, 9223372036854775807)
      )
      SELECT a.id::text AS "id", a.at AS "at", a.who AS "who", a.role AS "role", a.action AS "action", a.target AS "target",
        a.reason AS "reason", a.affected::text AS "affected", a.outcome AS "outcome", a.details AS "details"
      FROM top CROSS JOIN integration_audit AS a
      WHERE a.id <= top.id AND a.id > top.id - ${auditWindow}
        AND ($2::text IS NULL OR a.who = $2) AND ($3::text IS NULL OR a.action = $3)
        AND ($4::text IS NULL OR a.target = $4)
        AND ($5::timestamptz IS NULL OR a.at >= $5) AND ($6::timestamptz IS NULL OR a.at < $6)
      ORDER BY a.id DESC
      LIMIT $7::int`,
      [after ?? null, who ?? null, action ?? null, target ?? null, since ?? null, until ?? null, limit]
    )
    const entries = rows.map(
      (row): AuditEntry => ({ ...row, affected: row.affected === null ? null : Number(row.affected) })
    )
    if (entries.length === limit) return { entries, next: entries.at(-1)?.id } satisfies AuditFound
    return { entries, next: yield* endOfWindow(sql)(after) } satisfies AuditFound
  })

/** Where the next window begins, if there is anything. */
const endOfWindow = (sql: SqlClient.SqlClient) => (after: string | undefined) =>
  Effect.map(
    sql.unsafe<{ next: string | null }>(
      `SELECT (
        SELECT (a.id + 1)::text FROM integration_audit AS a
        WHERE a.id <= (
          SELECT max(t.id) FROM integration_audit AS t WHERE t.id < coalesce($1::bigint, 9223372036854775807)
        ) - ${auditWindow}
        ORDER BY a.id DESC LIMIT 1
      ) AS "next"`,
      [after ?? null]
    ),
    ([row]) => row?.next ?? undefined
  )

const forget = (sql: SqlClient.SqlClient) => (hours: number, limit: number) =>
  sql.unsafe(
    `DELETE FROM integration_audit WHERE id = ANY (ARRAY(
      SELECT id FROM integration_audit
      WHERE at < clock_timestamp() - $1::float8 * interval '1 hour'
      ORDER BY at
      LIMIT $2::int
    ))
    RETURNING 1`,
    [hours, limit]
  )

export const layer: Layer.Layer<AuditStore, never, TableClient> = Layer.effect(
  AuditStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    const insert = add(sql)
    return AuditStore.of({
      add: (entry) => storeErrors("audit.add")(Effect.asVoid(insert(entry))),
      list: (filter, after, limit) => storeErrors("audit.list")(list(sql)(filter, after, limit)),
      forget: (hours, limit) =>
        storeErrors("audit.forget")(Effect.map(forget(sql)(hours, limit), (rows) => rows.length))
    })
  })
)
