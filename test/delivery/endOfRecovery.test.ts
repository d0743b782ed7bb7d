/** How a consumer that recovers from a crash is given its deliveries, and when it is through with them. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DomainEvent,
  InboxStore,
  Processor,
  Publisher,
  SqlCapabilities,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { ReplicaStore, SubscriptionStore } from "../../src/stores.ts"
import { databases } from "../support/databases.ts"
import { eventsOf, noting, serve, services } from "../support/scenario.ts"

const isRecovering = (consumer: string) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql<{ is: boolean }>`
        SELECT recovering_until IS NOT NULL AS is FROM integration_consumer WHERE consumer_name = ${consumer}`,
      ([row]) => row?.is
    )
  )

/** A process that served a consumer is found to have ended without a word. */
const endOfAProcess = Effect.fnUntraced(function* (consumer: string, event: string) {
  const sql = yield* SqlClient.SqlClient
  const served = JSON.stringify({ [consumer]: { names: [event], patterns: [], workers: 1, batch: 64 } })
  yield* sql`
    INSERT INTO integration_replica (id, status, is_locked, last_seen_at, consumers)
    VALUES (gen_random_uuid(), 'running', true, now() - interval '1 hour', ${served}::jsonb)`
  assert.strictEqual(yield* ReplicaStore.use((store) => store.reap(60_000)), 1)
})

describe.each(databases)("on $name", ({ layer }) => {
  withLayer(services(layer), { excludeTestServices: true, timeout: "60 seconds" })("recovery", (it) => {
    it.effect("ends although deliveries wait that nobody handles", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("recovering")
        const replicas = yield* ReplicaStore
        const processor = yield* Processor
        // A handler that was removed: its subscription is durable.
        yield* SubscriptionStore.use((store) =>
          store.register([{ consumer: "recovering", event: Followed.name, priority: 0, ordering: "none" }])
        )
        yield* serve(noting("recovering", Happened))
        yield* Publisher.publish(Followed, { n: 1 })
        // Nor does anybody know its version.
        yield* Publisher.publish(DomainEvent.define(Happened.name, { ...Happened, version: 2 }), { n: 1 })
        yield* replicas.startRecovery("recovering")
        yield* Publisher.publish(Happened, { n: 2 })
        yield* processor.drain
        yield* replicas.endRecovery(["recovering"])
        assert.isFalse(yield* isRecovering("recovering"))
      })
    )

    it.effect("does not end while a delivery waits that a process handled which has ended", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("not-yet")
        const replicas = yield* ReplicaStore
        const sql = yield* SqlClient.SqlClient
        yield* SubscriptionStore.use((store) =>
          store.register([{ consumer: "not-yet", event: Happened.name, priority: 0, ordering: "none" }])
        )
        const served = JSON.stringify({ "not-yet": { names: [Happened.name], patterns: [], workers: 1, batch: 64 } })
        yield* sql`
          INSERT INTO integration_replica (id, status, stopped_at, consumers)
          VALUES (gen_random_uuid(), 'dead', clock_timestamp(), ${served}::jsonb)`
        yield* Publisher.publish(Happened, { n: 1 })
        yield* replicas.startRecovery("not-yet")
        yield* replicas.endRecovery(["not-yet"])
        assert.isTrue(yield* isRecovering("not-yet"))
        const interest = { names: [Happened.name], patterns: [] }
        yield* Transactor.withTransaction(
          InboxStore.use((inbox) =>
            Effect.flatMap(inbox.claim({ consumer: "not-yet", interest, limit: 1 }), inbox.complete)
          )
        )
        yield* replicas.endRecovery(["not-yet"])
        assert.isFalse(yield* isRecovering("not-yet"))
      })
    )

    it.effect("takes one delivery at a time when a process has ended, several when a connection did", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { Happened } = eventsOf("one-or-several")
        const orders = { unordered: undefined, ordered: "park" } as const
        for (const [consumer, onDeadLetter] of Object.entries(orders)) {
          const ordering = onDeadLetter === undefined ? "none" : "aggregate"
          yield* SubscriptionStore.use((store) =>
            store.register([{ consumer, event: Happened.name, priority: 0, ordering }])
          )
          yield* Publisher.publishAll([1, 2, 3].map((n) => DomainEvent.publication(Happened, { n })))
          const request = { consumer, interest: { names: [Happened.name], patterns: [] }, limit: 10, onDeadLetter }
          const claimed = InboxStore.use((inbox) =>
            Effect.map(Transactor.withTransaction(inbox.claim(request)), (rows) =>
              rows.map(({ recovery }) => recovery?.isSuspect)
            )
          )
          yield* ReplicaStore.use((store) => store.startRecovery(consumer))
          assert.deepStrictEqual(yield* claimed, [true, true, true])
          yield* endOfAProcess(consumer, Happened.name)
          assert.deepStrictEqual(yield* claimed, [true])
          // What came later is not held up by it when a connection is lost, too.
          yield* sql`
            UPDATE inbox_event AS i SET available_at = c.recovers_alone_until + interval '1 microsecond'
            FROM integration_consumer AS c
            WHERE i.consumer_name = ${consumer} AND c.consumer_name = i.consumer_name`
          yield* ReplicaStore.use((store) => store.startRecovery(consumer))
          assert.deepStrictEqual(yield* claimed, [true, true, true])
          yield* sql`UPDATE inbox_event SET available_at = now() + interval '1 hour' WHERE consumer_name = ${consumer}`
          yield* ReplicaStore.use((store) => store.endRecovery([consumer]))
          yield* sql`UPDATE inbox_event SET available_at = now() WHERE consumer_name = ${consumer}`
          assert.deepStrictEqual(yield* claimed, [undefined, undefined, undefined])
        }
      })
    )

    it.effect("of several that are handled together, the one that fails is charged alone, and no note is left", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("together")
        const sql = yield* SqlClient.SqlClient
        const inbox = yield* InboxStore
        yield* SubscriptionStore.use((store) =>
          store.register([{ consumer: "together", event: Happened.name, priority: 0, ordering: "none" }])
        )
        yield* Publisher.publishAll(Array.from({ length: 12 }, (_, n) => DomainEvent.publication(Happened, { n })))
        yield* ReplicaStore.use((store) => store.startRecovery("together"))
        yield* sql`CREATE TABLE together (n int)`
        const notes: Array<number> = []
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("together", { maxAttempts: 1 }),
            event: Happened,
            handler: Effect.fnUntraced(function* ({ payload: { n } }) {
              const sql = yield* SqlClient.SqlClient
              const rows = yield* sql`SELECT 1 FROM integration_attempt WHERE outcome = 'started'`
              notes.push(rows.length)
              yield* sql`INSERT INTO together VALUES (${n})`
              if (n === 5) yield* Effect.fail("no")
            })
          })
        )
        yield* Processor.use((processor) => processor.drain)
        const statuses = (yield* inbox.findByConsumer("together", undefined, 100)).map((row) => [
          row.status,
          row.attemptCount
        ])
        assert.deepStrictEqual(
          statuses,
          Array.from({ length: 12 }, (_, n) => [n === 5 ? "dead_letter" : "processed", 1])
        )
        assert.lengthOf(yield* sql`SELECT DISTINCT n FROM together`, 11)
        assert.lengthOf(yield* sql`SELECT n FROM together`, 11)
        assert.isEmpty(yield* sql`SELECT 1 FROM integration_attempt WHERE outcome = 'started'`)
        const capabilities = yield* SqlCapabilities
        // Batches begin with ten, but where a session is all there is.
        assert.strictEqual(Math.max(...notes), capabilities.singleSession ? 1 : 10)
      })
    )

    it.effect("leaves no note of a delivery that is charged, whoever wrote it since its attempt was rolled back", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("noted-again")
        const replicas = yield* ReplicaStore
        const sql = yield* SqlClient.SqlClient
        // As another worker does that takes the delivery before the failure is charged, and loses its connection.
        yield* sql.unsafe(`
          CREATE FUNCTION note_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO integration_attempt (outbox_event_id, consumer_name, attempt, started_at, outcome)
            VALUES (NEW.outbox_event_id, NEW.consumer_name, NEW.attempt_count, clock_timestamp(), 'started');
            RETURN NEW;
          END $$`)
        yield* sql.unsafe(`
          CREATE TRIGGER note_again BEFORE UPDATE ON inbox_event FOR EACH ROW
          WHEN (NEW.error_tag = 'HandlerTimeout') EXECUTE FUNCTION note_again()`)
        yield* SubscriptionStore.use((store) =>
          store.register([{ consumer: "noted-again", event: Happened.name, priority: 0, ordering: "none" }])
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        yield* replicas.startRecovery("noted-again")
        const consumer = Consumer.make("noted-again", { maxAttempts: 1, timeout: "50 millis" })
        yield* serve(Subscriber.make({ consumer, event: Happened, handler: () => Effect.never }))
        const [delivery] = yield* Processor.use((processor) => processor.settled(event.id))
        assert.deepInclude(delivery, { status: "dead_letter", attemptCount: 1, errorTag: "HandlerTimeout" })
        assert.isEmpty(yield* sql`SELECT 1 FROM integration_attempt WHERE outcome = 'started'`)
      })
    )
  })
})
