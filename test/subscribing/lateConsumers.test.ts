/** Consumers that come after the events they want, and subscriptions whose consumers have left. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DomainEvent,
  InboxStore,
  Integration,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { postgres, runtimes } from "../support/databases.ts"
import { eventsOf, noted, noting, serve, services, type Thing, unpolled, until } from "../support/scenario.ts"

const logging = (consumer: Consumer.Consumer, event: Thing, log: Array<number>) =>
  Subscriber.make({ consumer, event, handler: ({ payload }) => Effect.sync(() => log.push(payload.n)) })

const drained = Processor.use((processor) => processor.drain)

const statuses = (consumer: string) =>
  InboxStore.use((inbox) =>
    Effect.map(inbox.findByConsumer(consumer, undefined, 10_000), (rows) => rows.map((row) => row.status))
  )

/** Below every id. */
const noId = "00000000-0000-0000-0000-000000000000"

describe.each(runtimes)("on $name", ({ layer }) => {
  withLayer(layer({ settings: unpolled }), { excludeTestServices: true, timeout: "60 seconds" })(
    "late consumers",
    (it) => {
      it.effect("are given what was there before them, if they ask for it, once", () =>
        Effect.gen(function* () {
          const { Happened, happenings } = eventsOf("earlier")
          const log: Array<number> = []
          yield* Publisher.publishAll(happenings(5))
          const late = logging(Consumer.make("earlier-all", { startFrom: "beginning" }), Happened, log)
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* serve(late, logging(Consumer.make("earlier-none"), Happened, log))
              yield* drained
            })
          )
          assert.deepStrictEqual(log, [0, 1, 2, 3, 4])
          assert.isEmpty(yield* statuses("earlier-none"))
          // A restart is no new subscription.
          yield* serve(late)
          yield* drained
          assert.lengthOf(log, 5)
          assert.deepStrictEqual(
            yield* statuses("earlier-all"),
            Array.from({ length: 5 }, () => "processed")
          )
          const [event] = yield* OutboxStore.use((outbox) => outbox.findByName(Happened.name, 0n, 1))
          assert.strictEqual(event?.status, "processed")
        })
      )

      it.effect("begin at a time", () =>
        Effect.gen(function* () {
          const { Happened, happenings } = eventsOf("since")
          const log: Array<number> = []
          const [, second] = yield* Effect.forEach(happenings(3), (event) =>
            Effect.tap(Publisher.publishAll([event]), Effect.sleep("5 millis"))
          )
          const startFrom = second?.[0].timestamp ?? 0
          yield* serve(logging(Consumer.make("since", { startFrom }), Happened, log))
          yield* drained
          assert.deepStrictEqual(log, [1, 2])
        })
      )

      it.effect("that are ordered are given all of it before anything newer", () =>
        Effect.gen(function* () {
          const { Followed, Happened } = eventsOf("late-order")
          const log: Array<number> = []
          const publish = (event: Thing, n: number) => Publisher.publish(event, { n }, { aggregateId: "one" })
          for (let n = 0; n < 20; n++) yield* publish(n % 2 === 0 ? Happened : Followed, n)
          const consumer = Consumer.make("late-order", { ordering: "aggregate", startFrom: "beginning" })
          yield* serve(logging(consumer, Happened, log), logging(consumer, Followed, log))
          for (let n = 20; n < 25; n++) yield* publish(Happened, n)
          yield* drained
          yield* until(
            Effect.sync(() => log.length),
            (length) => length === 25
          )
          assert.deepStrictEqual(
            log,
            Array.from({ length: 25 }, (_, n) => n)
          )
        })
      )
    }
  )
})

it.live("a backfill of thousands races publishers and loses nothing, also when it is begun anew half way", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("many")
    const sql = yield* SqlClient.SqlClient
    yield* Publisher.publishAll(happenings(4000))
    const consumer = Consumer.make("many", { startFrom: "beginning", concurrency: 2 })
    yield* serve(noting(consumer, Happened))
    const more = Array.from({ length: 20 }, (_, index) =>
      Array.from({ length: 50 }, (_, n) => DomainEvent.publication(Happened, { n: 4000 + index * 50 + n }))
    )
    yield* Effect.forEach(more, (list) => Publisher.publishAll(list), { concurrency: 4 })
    // As after a crash that lost what was noted of its progress.
    yield* sql`UPDATE integration_subscription SET backfilled_at = NULL, backfill_after = ${noId}::uuid WHERE consumer_name = 'many'`
    yield* drained
    yield* until(noted("many"), (numbers) => numbers.length === 5000)
    assert.deepStrictEqual(
      yield* noted("many"),
      Array.from({ length: 5000 }, (_, n) => n)
    )
    const open = yield* sql`SELECT 1 FROM integration_subscription WHERE backfilled_at IS NULL`
    assert.isEmpty(open)
  }).pipe(
    Effect.scoped,
    Effect.provide(services(postgres(), { settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 100 } }))
  )
)

it.live("a backfill reads by an index, notes how far it came with each page, and goes on from there", () =>
  Effect.gen(function* () {
    const { Followed, Happened, happenings } = eventsOf("pages")
    const sql = yield* SqlClient.SqlClient
    const store = yield* SubscriptionStore
    yield* sql`
      INSERT INTO integration_event (event_name, source_module, aggregate_type, aggregate_id, payload, routed_at)
      SELECT 'pages.other', 'tests', 'Thing', 'x', '{}', now() FROM generate_series(1, 90000)`
    yield* Publisher.publishAll(happenings(2500))
    yield* Publisher.publish(Followed, { n: 1 })
    yield* sql`ANALYZE integration_event`
    const startFrom = "beginning"
    yield* store.register([{ consumer: "pages", event: Happened.name, priority: 0, ordering: "none", startFrom }])
    const scans = sql<{ scans: bigint }>`
      SELECT seq_scan AS scans FROM pg_stat_xact_user_tables WHERE relid = 'integration_event'::regclass`
    const progress: Array<number> = []
    for (let isOpen = true; isOpen; ) {
      // Whoever goes on knows what the one before has noted, and nothing else.
      const { after, before, step } = yield* Transactor.withTransaction(
        Effect.all({ before: scans, step: store.backfill, after: scans })
      )
      assert.deepStrictEqual(after, before)
      isOpen = step.isOpen
      progress.push((yield* statuses("pages")).length)
    }
    assert.deepStrictEqual(progress, [1000, 2000, 2500, 2500, 2500])
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live("an event the database refuses to give keeps no other from a late consumer", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("unwanted")
    const sql = yield* SqlClient.SqlClient
    const store = yield* SubscriptionStore
    const [, second] = yield* Publisher.publishAll(happenings(5))
    yield* sql`CREATE TABLE unwanted AS SELECT ${second?.id ?? ""}::uuid AS id`
    yield* sql.unsafe(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF EXISTS (SELECT 1 FROM unwanted WHERE id = NEW.outbox_event_id) THEN RAISE EXCEPTION 'not this one'; END IF;
      RETURN NEW;
    END $$`)
    yield* sql`CREATE TRIGGER refuse BEFORE INSERT ON inbox_event FOR EACH ROW EXECUTE FUNCTION refuse()`
    const startFrom = "beginning"
    yield* store.register([{ consumer: "unwanted", event: Happened.name, priority: 0, ordering: "none", startFrom }])
    yield* until(store.backfill, ({ isOpen }) => !isOpen)
    assert.lengthOf(yield* statuses("unwanted"), 4)
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live("a subscription is told as soon as nobody serves it, beside others, and what waits for it is kept", () =>
  Effect.gen(function* () {
    const { Followed, Happened } = eventsOf("left")
    const processor = yield* Processor
    yield* serve(noting("left-served", Happened))
    yield* Effect.scoped(serve(noting("left-alone", Followed)))
    const event = yield* Publisher.publish(Followed, { n: 1 })
    const [found, ...others] = yield* until(processor.unserved, (all) => all.length > 0)
    assert.isEmpty(others)
    assert.deepInclude(found, { consumer: "left-alone", event: Followed.name, open: 1 })
    assert.deepStrictEqual((yield* processor.replicas)[0]?.consumers, ["left-served"])
    // Served again, for another event: the consumer is there, the subscription is not.
    yield* serve(noting("left-alone", Happened))
    assert.deepStrictEqual(
      (yield* processor.unserved).map((_) => _.event),
      [Followed.name]
    )
    yield* processor.drain
    const [delivery] = yield* InboxStore.use((inbox) => inbox.findByEvent(event.id))
    assert.deepInclude(delivery, { status: "received", isOpen: true })
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live("a start that is no time is refused", () =>
  Effect.gen(function* () {
    const { Happened } = eventsOf("refused")
    const consumer = Consumer.make("refused", { startFrom: "yesterday" })
    const error = yield* Effect.flip(Effect.scoped(Layer.build(Subscriber.layer(noting(consumer, Happened)))))
    assert.strictEqual(
      error.message,
      'Option startFrom of consumer "refused" is yesterday, expected "now", "beginning" or a time.'
    )
  }).pipe(
    Effect.provide(
      Layer.provideMerge(Integration.layerMemory(), Layer.succeed(SqlClient.SqlClient, undefined as never))
    )
  )
)
