/** When a consumer that recovers from a crash is through with it. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, InboxStore, Processor, Publisher, Subscriber, Transactor } from "../../src/index.ts"
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
