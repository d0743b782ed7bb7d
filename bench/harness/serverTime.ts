/** How long the server takes for the statements of an operation, planning and running, apart from what is sent. */
import { type Cause, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"

/** A statement that was run. */
interface Noted {
  readonly text: string
  readonly parameters: ReadonlyArray<unknown> | undefined
}

/** Statements since they were last taken. */
const noted: Array<Noted> = []

/** The client with a note of each statement that the stores run. */
const noting = (sql: SqlClient.SqlClient): SqlClient.SqlClient =>
  Object.assign(
    (...given: ReadonlyArray<never>) => {
      const statement = (
        sql as unknown as (...all: ReadonlyArray<never>) => { compile?: () => [string, Array<unknown>] }
      )(...given)
      const [text, parameters] = statement.compile?.() ?? [""]
      if (/^\s*(SELECT|WITH)\b/.test(text)) noted.push({ text, parameters })
      return statement
    },
    sql,
    {
      withoutTransforms: () => noting(sql.withoutTransforms()),
      unsafe: (text: string, parameters?: ReadonlyArray<unknown>) => {
        noted.push({ text, parameters })
        return sql.unsafe(text, parameters)
      }
    }
  ) as SqlClient.SqlClient

/** For the services whose statements are timed. */
export const notingClient = Layer.effect(SqlClient.SqlClient, Effect.map(SqlClient.SqlClient, noting))

/** What an operation costs. */
export interface ServerTime {
  readonly statements: number
  /** Milliseconds of all of them, and of the longest. */
  readonly sum: number
  readonly largest: number
}

interface Plan {
  readonly "Planning Time": number
  readonly "Execution Time": number
}

const explained = ({ parameters, text }: Noted) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql.unsafe<{ "QUERY PLAN": ReadonlyArray<Plan> | string }>(
        `EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) ${text}`,
        parameters
      ).unprepared,
      ([row]) => {
        const told = row?.["QUERY PLAN"] ?? []
        const [plan]: ReadonlyArray<Plan> = typeof told === "string" ? JSON.parse(told) : told
        return plan === undefined ? 0 : plan["Planning Time"] + plan["Execution Time"]
      }
    )
  )

/** Runs an operation, and its statements once more as the server explains them. */
export const serverTime = Effect.fnUntraced(function* <A, E, R>(operation: Effect.Effect<A, E, R>) {
  noted.length = 0
  yield* operation
  const statements = noted.splice(0)
  const millis = yield* Effect.forEach(statements, explained) satisfies Effect.Effect<
    ReadonlyArray<number>,
    Cause.YieldableError | unknown,
    SqlClient.SqlClient
  >
  noted.length = 0
  return {
    statements: millis.length,
    sum: millis.reduce((sum, each) => sum + each, 0),
    largest: Math.max(0, ...millis)
  } satisfies ServerTime
})
