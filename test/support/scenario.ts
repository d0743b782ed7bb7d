/**
 * The event, tables and layers that delivery tests share.
 */
import type { PgClient } from "@effect/sql-pg"
import { Data, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DomainEvent, Integration, Processor, Publisher, Subscriber } from "../../src/index.ts"
import type { Values } from "../../src/settings/Settings.ts"
import { clientOfEnvironment } from "./transactionClients.ts"

const thing = <const Name extends string>(name: Name) =>
  DomainEvent.define(name, {
    sourceModule: "tests",
    aggregateType: "Thing",
    aggregateId: (payload) => `thing-${payload.n}`,
    payload: Schema.Struct({ n: Schema.Number })
  })

export type Thing = DomainEvent.Definition<string, { readonly n: number }>

/** Events of one test: subscriptions are durable, so tests that share a database do not share event names. */
export const eventsOf = (test: string) => {
  const Happened = thing(`${test}.happened`)
  return {
    Happened,
    Followed: thing(`${test}.followed`),
    happenings: (count: number) => Array.from({ length: count }, (_, n) => DomainEvent.publication(Happened, { n }))
  }
}

/** What handlers write: a row per event and consumer, refused when written twice. */
const tables = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`
      CREATE TABLE IF NOT EXISTS ledger (consumer text NOT NULL, event_id uuid NOT NULL, n int NOT NULL,
        PRIMARY KEY (consumer, event_id))`
    yield* sql`CREATE TABLE IF NOT EXISTS shared (id int PRIMARY KEY, total int NOT NULL DEFAULT 0)`
  })
)

/** Polls an hour apart: whatever is delivered was woken up, or drained on request. */
export const unpolled: Partial<Values> = { pollingIntervalMs: 3_600_000, idlePollingIntervalMs: 3_600_000 }

/** All services on a database, with the tables above; retries come fast. TRANSACTION_CLIENT: which client opens transactions. */
export const services = <E>(
  database: Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, E>,
  options: Integration.Options = {}
) => {
  const given = { ...options, settings: { ...unpolled, retryBaseDelayMs: 100, ...options.settings } }
  return Layer.unwrap(Effect.map(clientOfEnvironment, (client) => Integration.layer({ ...client, ...given }))).pipe(
    Layer.provideMerge(tables),
    Layer.provideMerge(database)
  )
}

/** Serves subscribers until the test's scope closes. */
// biome-ignore lint/suspicious/noExplicitAny: handlers of tests bring their own requirements
export const serve = <Each extends ReadonlyArray<Subscriber.Subscriber<any>>>(...subscribers: Each) =>
  Layer.build(Subscriber.layer(...subscribers))

/** Notes that a consumer handled an event; a second time is refused. */
export const note = Effect.fnUntraced(function* (
  consumer: string,
  event: DomainEvent.DomainEvent<string, { readonly n: number }>
) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO ledger (consumer, event_id, n) VALUES (${consumer}, ${event.id}::uuid, ${event.payload.n})`
})

/** A subscriber that only notes. */
export const noting = (consumer: Consumer.Consumer | string, event: Thing) =>
  Subscriber.make({ consumer, event, handler: (_) => note(Consumer.from(consumer).name, _) })

/** Numbers of the events a consumer has noted, in order. */
export const noted = (consumer: string) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(sql<{ n: number }>`SELECT n FROM ledger WHERE consumer = ${consumer} ORDER BY n`, (rows) =>
      rows.map((row) => row.n)
    )
  )

export interface DeliveryRow {
  readonly n: number
  readonly status: string
  readonly attempts: number
  readonly error: string | null
  readonly tag: string | null
  /** Milliseconds between its last change and the next attempt; null when there is none. */
  readonly waits: number | null
}

/** A consumer's deliveries, by number. */
export const deliveries = (consumer: string) =>
  SqlClient.SqlClient.use(
    (sql) => sql<DeliveryRow>`
      SELECT (coalesce(e.payload->>'n', '-1'))::float8 AS n, i.status, i.attempt_count AS attempts,
        i.last_error AS error, i.error_tag AS tag,
        round(extract(epoch FROM i.available_at - i.updated_at) * 1000)::float8 AS waits
      FROM inbox_event AS i JOIN outbox_event AS e ON e.id = i.outbox_event_id
      WHERE i.consumer_name = ${consumer}
      ORDER BY e.position`
  )

/** Repeats a question until its answer is right. */
export const until = <A, E, R>(question: Effect.Effect<A, E, R>, isRight: (answer: A) => boolean) =>
  Effect.gen(function* () {
    for (;;) {
      const answer = yield* question
      if (isRight(answer)) return answer
      yield* Effect.sleep(10)
    }
  })

/** What handlers of tests fail with. */
export class NotToday extends Data.TaggedError("NotToday")<{ readonly why: string }> {
  override get message() {
    return this.why
  }
}

/** Publishes, and waits until everything is settled for good. */
export const settledAll = Effect.fnUntraced(function* (publications: ReadonlyArray<DomainEvent.Publication.Any>) {
  const processor = yield* Processor
  for (const { id } of yield* Publisher.publishAll(publications)) yield* processor.settled(id)
  yield* processor.drain
})
