/**
 * The client of the engine's own statements: they name tables plainly, and it puts the schema in front, so that no `search_path`
 * matters to them, neither one that a handler sets nor one that other services have.
 *
 * @internal
 */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { untraced } from "../../telemetry/tracing.ts"
import type { Query } from "./controlConnection.ts"
import { storeErrors } from "./errors.ts"

/** The tables of `sql/`, and the view. A test compares. */
export const tables: ReadonlyArray<string> = [
  "integration_event",
  "outbox_event",
  "inbox_event",
  "integration_link",
  "integration_setting",
  "integration_setting_history",
  "integration_subscription",
  "integration_consumer",
  "integration_attempt",
  "integration_replica",
  "integration_received",
  "integration_actor",
  "integration_contract",
  "integration_statistic",
  "integration_gauge",
  "integration_error_group",
  "integration_error_count",
  "integration_operation",
  "integration_operation_delivery",
  "integration_audit"
]

/** What else statements name: functions that they call, and the record of migrations. */
const others: ReadonlyArray<string> = ["integration_append", "integration_migration"]

/** A name as a word of its own: not part of a column's or an index's. */
const names = new RegExp(`(?<![\\w."])(?:${[...tables, ...others].join("|")})(?!\\w)`, "g")

/** One that is named by a text: of a regclass, or of a sequence. */
const literals = new RegExp(`'(${tables.join("|")})'`, "g")

/**
 * SQL that names what belongs to these tables: locks and channels are shared by all schemas of a database, and services that
 * share the tables may have others first on their `search_path`.
 */
export const tablesId = "'inbox_event'::regclass::oid::text"

/** Puts a schema in front of the tables and functions that a text names. */
export const qualifier = (schema: string) => {
  const quoted = `"${schema.replaceAll('"', '""')}"`
  // In a literal, as of a regclass.
  const inLiteral = quoted.replaceAll("'", "''")
  const known = new Map<string, string>()
  return (text: string): string => {
    const found = known.get(text)
    if (found !== undefined) return found
    const qualified = text
      .replace(literals, (_, table) => `'${inLiteral}."${table}"'`)
      .replace(names, (table) => `${quoted}.${table}`)
    known.set(text, qualified)
    return qualified
  }
}

/** The client with `qualify` over the texts of its statements. Values are not touched. */
const qualifying = (sql: SqlClient.SqlClient, qualify: (text: string) => string): SqlClient.SqlClient => {
  const templates = new WeakMap<TemplateStringsArray, TemplateStringsArray>()
  const templateOf = (strings: TemplateStringsArray) => {
    const found = templates.get(strings)
    if (found !== undefined) return found
    const qualified = Object.assign(strings.map(qualify), { raw: strings.raw })
    templates.set(strings, qualified)
    return qualified
  }
  const statement = (first: TemplateStringsArray | string, ...rest: ReadonlyArray<unknown>) =>
    typeof first === "string" ? sql(first) : sql(templateOf(first), ...rest)
  return Object.assign(statement, sql, {
    unsafe: (text: string, parameters?: ReadonlyArray<unknown>) => sql.unsafe(qualify(text), parameters),
    literal: (text: string) => sql.literal(qualify(text))
  }) as SqlClient.SqlClient
}

/** Where the tables are: the first schema of the connection's `search_path` that has them. */
const schemaOf = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ schema: string }>`
      SELECT n.nspname AS "schema"
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.oid = to_regclass('inbox_event')`,
    ([row]) => row?.schema ?? "public"
  )

export class TableClient extends Context.Service<
  TableClient,
  {
    /** Runs statements in whatever transaction is open, as the application's client does. */
    readonly sql: SqlClient.SqlClient
    /** The same for statements on another connection. */
    readonly on: (query: Query) => Query
  }
>()("effect-integration/sql/TableClient") {
  /** Needs the tables to be there. @param schema - where they are; undefined: where `search_path` finds them */
  static readonly layer = (schema: string | undefined): Layer.Layer<TableClient, StoreError, SqlClient.SqlClient> =>
    Layer.effect(
      TableClient,
      Effect.gen(function* () {
        const sql = (yield* SqlClient.SqlClient).withoutTransforms()
        const qualify = qualifier(schema ?? (yield* untraced(storeErrors("tables.find")(schemaOf(sql)))))
        return {
          sql: qualifying(sql, qualify),
          on:
            (query: Query): Query =>
            (text, parameters) =>
              query(qualify(text), parameters)
        }
      })
    )
}
