/** What is removed after a while, and what never is. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DeadLetters,
  InboxStore,
  LinkStore,
  OutboxStore,
  Processor,
  Publisher,
  SettingStore,
  Settings,
  Subscriber
} from "../../src/index.ts"
import { postgres, runtimes } from "../support/databases.ts"
import { eventsOf, serve, services, unpolled, until } from "../support/scenario.ts"

const hour = 3_600_000

/** Sets how long events are kept, and waits until it is in force. */
const keep = Effect.fnUntraced(function* (name: "retentionHours" | "deadLetterRetentionHours", hours: number) {
  const settings = yield* Settings
  yield* SettingStore.use((store) => store.set(`core.integration.outbox.${name}`, hours))
  yield* settings.refresh
})

/** Makes everything older, as time would. */
const age = (hours: number) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.andThen(
      sql`
        UPDATE integration_event
        SET created_at = created_at - ${hours}::int * interval '1 hour', routed_at = routed_at - ${hours}::int * interval '1 hour'`,
      sql`UPDATE inbox_event SET processed_at = processed_at - ${hours}::int * interval '1 hour'`
    )
  )

const names = (eventName: string) =>
  OutboxStore.use((outbox) =>
    Effect.map(outbox.findByName(eventName, 0n, 1000), (rows) => rows.map((row) => (row.payload as { n: number }).n))
  )

describe.each(runtimes)("on $name", ({ layer }) => {
  withLayer(layer({ settings: unpolled }), { excludeTestServices: true, timeout: "60 seconds" })("stores", (it) => {
    it.effect("remove settled events of an age in windows, and neither open ones nor those that gave up", () =>
      Effect.gen(function* () {
        const outbox = yield* OutboxStore
        const { Happened, happenings } = eventsOf("removed")
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("removed", { maxAttempts: 1 }),
            event: Happened,
            handler: ({ payload }) => (payload.n === 3 ? Effect.fail("no") : Effect.void)
          })
        )
        yield* Publisher.publishAll(happenings(6))
        const kept = yield* Publisher.publish(Happened, { n: 7 }, { delay: "1 day" })
        const processor = yield* Processor
        yield* processor.drain
        assert.strictEqual((yield* processor.stats).events.pending, 1)
        yield* Effect.sleep("20 millis")
        const all = (hours: number | undefined, deadLetterHours: number | undefined) =>
          Effect.gen(function* () {
            let removed = 0
            let after: string | undefined
            do {
              const result = yield* outbox.removeSettled({ after, limit: 2, hours, deadLetterHours })
              removed += result.removed
              after = result.next
            } while (after !== undefined)
            return removed
          })
        const counted = (limit: number, deadLetterHours: number | undefined) =>
          outbox.countSettled({ after: undefined, limit, hours: 10 / hour, deadLetterHours })
        assert.deepStrictEqual(
          [yield* counted(100, undefined), yield* counted(100, 10 / hour)],
          [
            { settled: 5, looked: 7, next: undefined },
            { settled: 6, looked: 7, next: undefined }
          ]
        )
        const { next, ...some } = yield* counted(2, undefined)
        assert.deepStrictEqual(some, { settled: 2, looked: 2 })
        const rest = yield* outbox.countSettled({
          after: next,
          limit: 100,
          hours: 10 / hour,
          deadLetterHours: undefined
        })
        assert.deepStrictEqual(rest, { settled: 3, looked: 5, next: undefined })
        assert.strictEqual(yield* all(1, 1), 0)
        assert.strictEqual(yield* all(undefined, undefined), 0)
        assert.strictEqual(yield* all(10 / hour, undefined), 5)
        assert.deepStrictEqual(yield* names(Happened.name), [3, 7])
        assert.strictEqual(yield* all(10 / hour, 10 / hour), 1)
        assert.deepStrictEqual(yield* names(Happened.name), [7])
        const deliveries = yield* InboxStore.use((inbox) => inbox.findByConsumer("removed", undefined, 100))
        assert.deepStrictEqual(
          deliveries.map((delivery) => delivery.eventId),
          [kept.id]
        )
      })
    )

    it.effect("refuse a dedupe key for as long as its event is kept, and no longer", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("window")
        const publish = Publisher.publish(Happened, { n: 1 }, { dedupeKey: "once" })
        const first = yield* publish
        assert.isTrue((yield* publish).isDuplicate)
        yield* Effect.sleep("20 millis")
        const outbox = yield* OutboxStore
        yield* outbox.removeSettled({ after: undefined, limit: 1000, hours: 10 / hour, deadLetterHours: undefined })
        const again = yield* publish
        assert.isFalse(again.isDuplicate)
        assert.notStrictEqual(again.id, first.id)
      })
    )
  })
})

it.live("nothing is removed until a setting says so; then what is old goes, with its history, in any process", () =>
  Effect.gen(function* () {
    const processor = yield* Processor
    const { Happened, happenings } = eventsOf("kept")
    const sql = yield* SqlClient.SqlClient
    yield* serve(
      Subscriber.make({
        consumer: Consumer.make("kept", { maxAttempts: 2, retryBaseDelay: 10 }),
        event: Happened,
        handler: ({ attempt, payload }) =>
          (payload.n === 1 && attempt === 1) || payload.n === 2 ? Effect.fail("no") : Effect.void
      })
    )
    yield* Publisher.publishAll(happenings(4))
    yield* until(processor.stats, (stats) => stats.events.processed === 3 && stats.events.dead_letter === 1)
    yield* age(48)
    yield* LinkStore.create({
      source: { module: "tests", entityType: "Thing", entityId: "thing-0" },
      target: { module: "tests", entityType: "Thing", entityId: "thing-1" },
      linkType: "reference"
    })
    assert.strictEqual(yield* processor.removeExpired, 0)
    yield* keep("retentionHours", 72)
    assert.strictEqual(yield* processor.removeExpired, 0)
    yield* keep("retentionHours", 24)
    yield* processor.removeExpired
    yield* until(names(Happened.name), (left) => left.join() === "2")
    const [dead] = (yield* DeadLetters.use((letters) => letters.list({ consumer: "kept" }))).deadLetters
    assert.lengthOf((yield* DeadLetters.use((letters) => letters.inspect(dead?.deliveryId ?? ""))).attempts, 2)
    yield* keep("deadLetterRetentionHours", 24)
    yield* processor.removeExpired
    yield* until(names(Happened.name), (left) => left.length === 0)
    assert.isEmpty(yield* sql`SELECT 1 FROM inbox_event`)
    assert.isEmpty(yield* sql`SELECT 1 FROM integration_attempt`)
    assert.lengthOf(yield* sql`SELECT 1 FROM integration_link`, 1)
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)
