/** What tests of other clients share: all services, whose transactions a client opens, beside the application that has it. */
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Integration, type Transactor } from "../../src/index.ts"
import type { Values } from "../../src/settings/Settings.ts"
import { type AnyApplication, createWritten } from "./application.ts"
import { postgres } from "./databases.ts"
import { unpolled } from "./scenario.ts"
import { applicationNamed } from "./transactionClients.ts"

/** The application of a test. */
export class App extends Context.Service<App, AnyApplication>()("tests/App") {}

const tables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe(createWritten)
  yield* sql`
    CREATE TABLE ledger (consumer text NOT NULL, event_id uuid NOT NULL, n int NOT NULL, PRIMARY KEY (consumer, event_id))`
})

interface Given extends Omit<Integration.Options, "client" | "settings"> {
  readonly settings?: Partial<Values>
  /** Connections of each pool. */
  readonly max?: number
}

/** All services in a schema of their own, with an application of this client, which opens the deliveries' transactions. */
export const withApplication = (name: string, { max = 10, settings, ...options }: Given = {}) =>
  Layer.unwrap(
    App.useSync(({ client }) =>
      Integration.layer({ ...options, client, settings: { ...unpolled, retryBaseDelayMs: 100, ...settings } })
    )
  ).pipe(
    Layer.provideMerge(Layer.effect(App, applicationNamed(name))),
    Layer.provideMerge(Layer.effectDiscard(tables)),
    Layer.provideMerge(postgres({ maxConnections: max }))
  )

/** Runs Effects of the services where promises are waited for. */
export type Run = <A, E>(effect: Effect.Effect<A, E, Integration.Services>) => Promise<A>

export const runner: Effect.Effect<Run, never, Integration.Services> = Effect.map(
  Effect.context<Integration.Services>(),
  (context) => Effect.runPromiseWith(context)
)

/** Runs a body in a transaction that the application opens, with what runs Effects in it. */
export const inTheirs = <A>(
  body: (tx: unknown, run: Run, app: AnyApplication) => Promise<A>,
  isolation?: Parameters<AnyApplication["transaction"]>[1]
) =>
  Effect.gen(function* () {
    const app = yield* App
    const run = yield* runner
    return yield* Effect.tryPromise({
      try: () => app.transaction((tx) => body(tx, run, app), isolation),
      catch: (error) => error
    })
  })

/** Numbers of the rows that were written under a name, in order. */
export const written = (name: string) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(sql<{ n: number }>`SELECT n FROM written WHERE name = ${name} ORDER BY n`, (rows) =>
      rows.map((row) => row.n)
    )
  )

/** Numbers of the events of a name that are stored, in their order. */
export const stored = (event: string) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql<{ n: number }>`
        SELECT (payload->>'n')::int AS n FROM outbox_event WHERE event_name = ${event} ORDER BY position`,
      (rows) => rows.map((row) => row.n)
    )
  )

export type Services = Integration.Services | App | SqlClient.SqlClient | Transactor

/** What an application throws to have a transaction rolled back. */
export class Undone extends Error {}
