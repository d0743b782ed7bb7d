/**
 * Statements over `integration_setting` and its history.
 *
 * @internal
 */
import { Effect, Layer, type Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { type SettingChange, SettingStore } from "../settings/SettingStore.ts"
import { type NewAuditEntry, settingEntry } from "../stores/AuditStore.ts"
import { auditParameters, auditReason, insertAudit } from "./audit.ts"
import { storeErrorsOf } from "./connection/errors.ts"
import { TableClient } from "./connection/tableClient.ts"

const all = (sql: SqlClient.SqlClient) =>
  sql<{ key: string; value: Schema.Json }>`SELECT key AS "key", value AS "value" FROM integration_setting`

const setStatement = `
  WITH previous AS (
    SELECT value FROM integration_setting WHERE key = $1::text
  ), stored AS (
    INSERT INTO integration_setting (key, value, updated_by)
    VALUES ($1::text, $2::jsonb, $3::text)
    ON CONFLICT (key) DO UPDATE
    SET value = excluded.value, updated_by = excluded.updated_by, updated_at = clock_timestamp()
    RETURNING key, value, updated_by
  ), noted AS (
    ${insertAudit(4, "1", "FROM stored")}
  )
  INSERT INTO integration_setting_history (key, value, previous_value, changed_by, reason)
  SELECT key, value, (SELECT value FROM previous), updated_by, ${auditReason(4)} FROM stored`

const set =
  (sql: SqlClient.SqlClient) =>
  (key: string, value: Schema.Json, changedBy: string | undefined, audit: NewAuditEntry) =>
    sql.unsafe(setStatement, [key, JSON.stringify(value), changedBy ?? null, ...auditParameters(audit)])

const removeStatement = `
  WITH removed AS (
    DELETE FROM integration_setting WHERE key = $1::text RETURNING key, value
  ), noted AS (
    ${insertAudit(3, "1", "FROM removed")}
  )
  INSERT INTO integration_setting_history (key, previous_value, changed_by, reason)
  SELECT key, value, $2::text, ${auditReason(3)} FROM removed`

const remove = (sql: SqlClient.SqlClient) => (key: string, changedBy: string | undefined, audit: NewAuditEntry) =>
  sql.unsafe(removeStatement, [key, changedBy ?? null, ...auditParameters(audit)])

const history = (sql: SqlClient.SqlClient) => (key: string) =>
  sql<{ [Field in keyof SettingChange]: SettingChange[Field] | null }>`
    SELECT key AS "key", value AS "value", previous_value AS "previousValue", changed_at AS "changedAt",
      changed_by AS "changedBy", reason AS "reason"
    FROM integration_setting_history
    WHERE key = ${key}
    ORDER BY id DESC`

export const layer: Layer.Layer<SettingStore, never, TableClient> = Layer.effect(
  SettingStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    return SettingStore.of({
      all: storeErrors("settings.all")(
        Effect.map(all(sql), (rows) => Object.fromEntries(rows.map((row) => [row.key, row.value])))
      ),
      set: (key, value, changedBy, reason) =>
        Effect.flatMap(settingEntry(key, value, changedBy, reason), (audit) =>
          storeErrors("settings.set")(Effect.asVoid(set(sql)(key, value, changedBy, audit)))
        ),
      remove: (key, changedBy, reason) =>
        Effect.flatMap(settingEntry(key, undefined, changedBy, reason), (audit) =>
          storeErrors("settings.remove")(Effect.asVoid(remove(sql)(key, changedBy, audit)))
        ),
      history: (key) =>
        storeErrors("settings.history")(
          Effect.map(history(sql)(key), (rows) =>
            rows.map(
              (row): SettingChange => ({
                key,
                value: row.value ?? undefined,
                previousValue: row.previousValue ?? undefined,
                changedAt: row.changedAt as Date,
                changedBy: row.changedBy ?? undefined,
                reason: row.reason ?? undefined
              })
            )
          )
        )
    })
  })
)
