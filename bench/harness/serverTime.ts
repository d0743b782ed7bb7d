/** How long the server takes for the statements of an operation, planning and running, apart from what is sent. */
import { readFileSync } from "node:fs"
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
  /**
   * Milliseconds on a processor of the one that took most, which is what it takes on a machine that does nothing else; without those
   * of parallel workers. NaN where that cannot be seen.
   */
  readonly processor: number
}

interface Plan {
  readonly "Planning Time": number
  readonly "Execution Time": number
}

/** Milliseconds that a process has been on a processor, where that can be seen; NaN where it cannot. */
const onProcessor = (pid: number) => {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6
  } catch {
    return Number.NaN
  }
}

interface Explained {
  readonly millis: number
  readonly processor: number
}

const explained = ({ parameters, text }: Noted) =>
  SqlClient.SqlClient.use((sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        const [backend] = yield* sql.unsafe<{ pid: number }>("SELECT pg_backend_pid() AS pid")
        const before = onProcessor(backend?.pid ?? 0)
        const [row] = yield* sql.unsafe<{ "QUERY PLAN": ReadonlyArray<Plan> | string }>(
          `EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) ${text}`,
          parameters
        ).unprepared
        const processor = onProcessor(backend?.pid ?? 0) - before
        const told = row?.["QUERY PLAN"] ?? []
        const [plan]: ReadonlyArray<Plan> = typeof told === "string" ? JSON.parse(told) : told
        const millis = plan === undefined ? 0 : plan["Planning Time"] + plan["Execution Time"]
        return { millis, processor } satisfies Explained
      })
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
  const all = yield* Effect.forEach(noted, explained) satisfies Effect.Effect<
    ReadonlyArray<Explained>,
    Cause.YieldableError | unknown,
    SqlClient.SqlClient
  >
  return {
    statements: all.length,
    sum: all.reduce((sum, { millis }) => sum + millis, 0),
    largest: Math.max(0, ...all.map(({ millis }) => millis)),
    processor: Math.max(0, ...all.map(({ processor }) => processor))
  } satisfies ServerTime
})
