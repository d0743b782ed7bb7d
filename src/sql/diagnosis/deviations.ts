/**
 * What differs from what the migrations made.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Deviation } from "../../stores/DiagnosisStore.ts"
import { catalog, type FoundPart, type Part } from "./catalog.ts"
import { commandOf } from "./mending.ts"
import { schemaId } from "./tables.ts"

/** The parts as the migrations make them: loaded when somebody asks, as few ever do. */
export const expectedParts: Effect.Effect<ReadonlyArray<Part>> = Effect.map(
  Effect.promise(() => import("./expected.generated.ts")),
  ({ rows }) => rows.map(([kind, name, table, definition]) => ({ kind, name, table, definition }))
)

/** Off unless it is switched on: see `announceInserts`. */
const optional = "integration_event_announced"

/** Servers differ in blanks, parentheses and casts that they add. */
const normal = (definition: string) => definition.replaceAll(/::"?[a-z ]+"?(?:\(\d+\))?(?:\[\])?|[\s()]/g, "")

const keyOf = ({ kind, name }: Part) => `${kind} ${name}`

/** Columns that others add are theirs: all our statements name columns. */
const mayBeForeign = ({ kind }: Part) => kind === "function" || kind === "table" || kind === "column"

type Difference = Omit<Deviation, "command">

const compared = (wanted: Part, there: FoundPart | undefined): Difference | undefined => {
  const { definition, ...part } = wanted
  const differs = (problem: Deviation["problem"]): Difference => ({
    ...part,
    problem,
    expected: definition,
    found: there?.definition ?? null
  })
  if (there === undefined) return differs("missing")
  if (there.isInvalid) return differs("invalid")
  if (normal(there.definition) !== normal(definition)) return differs("changed")
  return there.isDisabled && there.name !== optional ? differs("disabled") : undefined
}

const foreign = ({ definition, isDisabled: _, isInvalid: __, ...part }: FoundPart): Difference => ({
  ...part,
  problem: "foreign",
  expected: null,
  found: definition
})

/** What differs; nothing of a table that is missing itself. */
const differences = (expected: ReadonlyArray<Part>, found: ReadonlyArray<FoundPart>): ReadonlyArray<Difference> => {
  const byKey = new Map(found.map((part) => [keyOf(part), part]))
  const wanted = new Set(expected.map(keyOf))
  const all = expected.flatMap((part) => compared(part, byKey.get(keyOf(part))) ?? [])
  const gone = new Set(all.filter(({ kind, problem }) => kind === "table" && problem === "missing").map((_) => _.name))
  return [
    ...all.filter(({ table }) => table === null || !gone.has(table)),
    ...found.filter((part) => !wanted.has(keyOf(part)) && !mayBeForeign(part)).map(foreign)
  ]
}

export const deviations = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const [row] = yield* sql.unsafe<{ schema: string }>(
      `SELECT quote_ident(nspname) AS "schema" FROM pg_namespace WHERE oid = ${schemaId}`
    )
    const schema = row?.schema ?? "public"
    return differences(yield* expectedParts, yield* catalog(sql)).map(
      (difference): Deviation => ({ ...difference, command: commandOf(schema, difference) })
    )
  })
