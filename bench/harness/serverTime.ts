/** How long the server takes for the statements of an operation, planning and running, apart from what is sent. */
import { type Cause, Effect } from "effect"
import { SqlClient, Statement } from "effect/sql"

/** A statement that was run. */
interface Noted {
  readonly text: string
  readonly parameters: ReadonlyArray<unknown> | undefined
}

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

/** Has each statement that an operation runs noted, where it only reads. */
const noting =
  (noted: Array<Noted>): Statement.Transformer =>
  (statement) =>
    Effect.sync(() => {
      const [text, parameters] = statement.compile()
      if (/^\s*(SELECT|WITH)\b/.test(text) && !/\b(INSERT|UPDATE|DELETE)\b/.test(text)) noted.push({ text, parameters })
      return statement
    })

/** Runs an operation, and its statements once more as the server explains them. */
export const serverTime = Effect.fnUntraced(function* <A, E, R>(operation: Effect.Effect<A, E, R>) {
  const noted: Array<Noted> = []
  yield* Effect.provideService(operation, Statement.CurrentTransformer, noting(noted))
  const millis = yield* Effect.forEach(noted, explained) satisfies Effect.Effect<
    ReadonlyArray<number>,
    Cause.YieldableError | unknown,
    SqlClient.SqlClient
  >
  return {
    statements: millis.length,
    sum: millis.reduce((sum, each) => sum + each, 0),
    largest: Math.max(0, ...millis)
  } satisfies ServerTime
})
