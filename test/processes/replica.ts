/**
 * One replica of the fault suite's application: three consumers of `faults.happened`, and two ledgers that nothing but
 * the library keeps in order. `work` and `ordered` write inside their delivery's transaction, `mail` is leased and writes
 * outside of any. SIGTERM ends it in good order.
 */
import { PgClient } from "@effect/sql-pg"
import { Cause, Effect, Exit, Fiber, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DomainEvent, Integration, Subscriber } from "../../src/index.ts"
import type { Values } from "../../src/settings/Settings.ts"
import { say } from "./program.ts"

const clockOffset = Number(process.env.TEST_CLOCK_OFFSET ?? 0)
if (clockOffset !== 0) {
  const RealDate = Date
  const real = RealDate.now.bind(RealDate)
  globalThis.Date = class extends RealDate {
    constructor(...given: ReadonlyArray<unknown>) {
      super(...((given.length === 0 ? [real() + clockOffset] : given) as []))
    }
    static override now() {
      return real() + clockOffset
    }
  } as DateConstructor
}

export const Happened = DomainEvent.define("faults.happened", {
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: (payload) => payload.key,
  payload: Schema.Struct({ n: Schema.Number, key: Schema.String })
})

export const Added = DomainEvent.define("faults.added", {
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: (payload) => payload.key,
  payload: Schema.Struct({ n: Schema.Number, key: Schema.String })
})

export const createLedgers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const table of ["inside", "outside"]) {
    yield* sql`
      CREATE TABLE IF NOT EXISTS ${sql(table)} (seq bigint GENERATED ALWAYS AS IDENTITY, consumer text NOT NULL,
        event_id uuid NOT NULL, key text NOT NULL, n int NOT NULL, pid int NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp())`
  }
})

type Event = DomainEvent.Of<typeof Happened>

/** Milliseconds that every handler takes, where a replica is to be caught in the middle of one. */
const slow = process.env.TEST_SLOW === undefined ? undefined : Number(process.env.TEST_SLOW)

const write = (table: "inside" | "outside", consumer: string, event: Event) =>
  SqlClient.SqlClient.use(
    (sql) => sql`
      INSERT INTO ${sql(table)} (consumer, event_id, key, n, pid)
      VALUES (${consumer}, ${event.id}::uuid, ${event.payload.key}, ${event.payload.n}, ${process.pid})`
  )

const handling = (table: "inside" | "outside", name: string, options: Consumer.Options, millis: number) =>
  Subscriber.make({
    consumer: Consumer.make(name, { concurrency: 2, maxAttempts: 20, retryBaseDelay: 20, ...options }),
    event: Happened,
    handler: (event) => Effect.andThen(write(table, name, event), Effect.sleep(slow ?? Math.random() * millis))
  })

export const subscribers = [
  handling("inside", "work", {}, 5),
  handling("inside", "ordered", { ordering: "aggregate" }, 0),
  handling("outside", "mail", { mode: "leased" }, 20)
]

/** What a newer version of the application also handles. */
const added = Subscriber.make({
  consumer: (subscribers[0] as (typeof subscribers)[number]).consumer,
  event: Added,
  handler: (event) => write("inside", "work", event as unknown as Event)
})

/** Short intervals: what is measured is the recovery, not the poll. */
export const quick: Partial<Values> = {
  pollingIntervalMs: 200,
  idlePollingIntervalMs: 400,
  processingLeaseMs: 1000
}

const connect = (env: NodeJS.ProcessEnv) =>
  PgClient.layer({
    url: Redacted.make(env.TEST_URL ?? ""),
    startupParameters: { search_path: env.TEST_SCHEMA ?? "" },
    applicationName: env.TEST_NAME ?? "replica",
    connectTimeout: "2 seconds",
    ...(env.TEST_POOLED === undefined ? {} : { prepare: false })
  })

if (process.env.TEST_ROLE === "replica") {
  const integration = Integration.layer({ settings: quick, shutdownGracePeriod: "5 seconds" }).pipe(
    Layer.provideMerge(connect(process.env))
  )
  const consumers = process.env.TEST_VERSION === "new" ? [...subscribers, added] : subscribers
  const fiber = Effect.runFork(
    Effect.andThen(say("ready"), Effect.never).pipe(
      Effect.provide(Subscriber.layer(...consumers).pipe(Layer.provide(integration)))
    )
  )
  let isAsked = false
  process.once("SIGTERM", () => {
    isAsked = true
    Effect.runPromise(Fiber.interrupt(fiber)).then(() => process.exit(0))
  })
  fiber.addObserver((exit) => {
    if (isAsked) return
    console.error(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : exit)
    process.exit(1)
  })
}
