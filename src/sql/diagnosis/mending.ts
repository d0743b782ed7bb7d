/**
 * SQL that makes a part of the tables again as the migrations made it, without holding up who writes where that can be.
 *
 * @internal
 */
import type { Deviation } from "../../stores/DiagnosisStore.ts"
import { migrations } from "../migrations/migrations.generated.ts"

type Difference = Omit<Deviation, "command">

const identifier = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

const lines = (...statements: ReadonlyArray<string>) => statements.map((statement) => `${statement};`).join("\n")

/** @param schema - as SQL */
const ofIndex = (schema: string, { expected, name, problem }: Difference) => {
  const qualified = `${schema}.${identifier(name)}`
  const dropped = `DROP INDEX CONCURRENTLY ${qualified}`
  if (expected === null) return lines(dropped)
  const made = expected.replace(/INDEX (\S+) ON /, `INDEX CONCURRENTLY $1 ON ${schema}.`)
  if (problem === "invalid") return lines(`REINDEX INDEX CONCURRENTLY ${qualified}`)
  return problem === "missing" ? lines(made) : lines(dropped, made)
}

const ofConstraint = (schema: string, { expected, name, problem, table }: Difference) => {
  const plain = identifier(name.slice(name.indexOf(".") + 1))
  const alter = `ALTER TABLE ${schema}.${table}`
  const dropped = `${alter} DROP CONSTRAINT ${plain}`
  if (expected === null) return lines(dropped)
  if (problem === "invalid") return lines(`${alter} VALIDATE CONSTRAINT ${plain}`)
  const made = `${alter} ADD CONSTRAINT ${plain} ${expected.replace("REFERENCES ", `REFERENCES ${schema}.`)}`
  return problem === "missing" ? lines(made) : lines(dropped, made)
}

const ofTrigger = (schema: string, { expected, name, problem, table }: Difference) => {
  const on = `${schema}.${table}`
  const dropped = `DROP TRIGGER ${identifier(name)} ON ${on}`
  if (expected === null) return lines(dropped)
  if (problem === "disabled") return lines(`ALTER TABLE ${on} ENABLE TRIGGER ${identifier(name)}`)
  const made = expected
    .replace(` ON ${table} `, ` ON ${on} `)
    .replace("EXECUTE FUNCTION ", `EXECUTE FUNCTION ${schema}.`)
  return problem === "missing" ? lines(made) : lines(dropped, made)
}

/** As its migration has it; who may call it is said in docs/grants.md. */
const ofFunction = (schema: string, { expected, name }: Difference) => {
  const plain = name.slice(0, name.indexOf("("))
  const statement = Object.values(migrations)
    .flat()
    .find((each) => each.includes(`CREATE FUNCTION ${plain}(`))
  if (statement === undefined) return null
  const made = statement.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
  const isSet = expected?.includes("SET search_path") === true
  return lines(
    `SET search_path TO ${schema}`,
    made,
    ...(isSet ? [`ALTER FUNCTION ${plain} SET search_path = ${schema}, pg_temp`] : []),
    "RESET search_path"
  )
}

/**
 * SQL that mends it; null when no statement could without knowing more.
 *
 * @param schema - as SQL
 */
export const commandOf = (schema: string, difference: Difference): string | null => {
  switch (difference.kind) {
    case "index":
      return ofIndex(schema, difference)
    case "constraint":
      return ofConstraint(schema, difference)
    case "trigger":
      return ofTrigger(schema, difference)
    case "function":
      return ofFunction(schema, difference)
    default:
      return null
  }
}
