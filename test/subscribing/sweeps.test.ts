/** When the sweep of a registration ends, and what it gives: transactions of others, old and restored events, changes of order. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import {
  InboxStore,
  OutboxStore,
  Processor,
  Publisher,
  Registry,
  Subscriber,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { TableClient } from "../../src/sql/connection/tableClient.ts"
import { layer as outboxLayer } from "../../src/sql/outbox/store.ts"
import { newEvent } from "../../src/testing/conformance/support.ts"
import { clientFor, databases, postgres, runtimes, uniqueSchema, withSchema } from "../support/databases.ts"
import { eventsOf, services, unpolled, until } from "../support/scenario.ts"

/** Runs a transaction that stays open, where it waits, until it is told to commit. */
const keepOpen = Effect.fnUntraced(function* <E, R>(
  transaction: (wait: Effect.Effect<void>) => Effect.Effect<unknown, E, R>
) {
  const done = yield* Deferred.make<void>()
  const commit = yield* Deferred.make<void>()
  const wait = Effect.andThen(Deferred.succeed(done, undefined), Deferred.await(commit))
  const fiber = yield* Effect.forkScoped(transaction(wait))
  return {
    done: Effect.raceFirst(Deferred.await(done), Fiber.join(fiber)),
    commit: Effect.andThen(Deferred.succeed(commit, undefined), Fiber.join(fiber))
  }
})

/** Does something in a transaction that stays open until it is told to commit. */
const keepDone = <E, R>(work: Effect.Effect<unknown, E, R>) =>
  Effect.tap(
    keepOpen((wait) => Transactor.withTransaction(Effect.andThen(work, wait))),
    ({ done }) => done
  )

const register = (consumer: string, event: string, ordering: "none" | "aggregate" = "none") =>
  SubscriptionStore.use((store) => store.register([{ consumer, event, priority: 0, ordering }]))

const sweep = SubscriptionStore.use((store) => store.sweep({ isThorough: true }))

/** As polls do. */
const sweepNew = SubscriptionStore.use((store) => store.sweep({ isThorough: false }))

/** Sweeps until nothing is left to be swept. */
const sweepAll = until(sweep, ({ isOpen }) => !isOpen)

const given = (consumer: string) =>
  InboxStore.use((inbox) =>
    Effect.map(inbox.findByConsumer(consumer, undefined, 100), (rows) => rows.map(({ eventId }) => eventId))
  )

/** A role that may log in and do what it is granted. */
const role = Effect.fnUntraced(function* (name: string, ...grants: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.acquireRelease(sql`CREATE ROLE ${sql(name)} LOGIN`, () =>
    Effect.orDie(Effect.andThen(sql`DROP OWNED BY ${sql(name)} CASCADE`, sql`DROP ROLE ${sql(name)}`))
  )
  for (const grant of grants) yield* sql.unsafe(`GRANT ${grant} TO "${name}"`)
})

/** A client that logs in as a role. */
const clientAs = (name: string, schema: string) =>
  clientFor(schema, { url: inject("postgresUrl").replace("//postgres@", `//${name}@`) })

it.live("a publish of another role that is open while a consumer registers is given to it", () => {
  const schema = uniqueSchema()
  const [publishing, consuming] = [`${schema}_publishing`, `${schema}_consuming`]
  const roles = Effect.gen(function* () {
    yield* role(publishing, `USAGE ON SCHEMA ${schema}`)
    yield* role(consuming, `USAGE, CREATE ON SCHEMA ${schema}`)
  })
  return Effect.gen(function* () {
    const event = newEvent("roles.happened")
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(`GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ${schema} TO "${publishing}"`)
    const theirs = yield* Layer.build(
      Layer.fresh(outboxLayer).pipe(
        Layer.provide(TableClient.layer(undefined)),
        Layer.provideMerge(clientAs(publishing, schema)),
        Layer.fresh
      )
    )
    const publish = Effect.provide(
      OutboxStore.use((outbox) => outbox.append([event])),
      theirs
    )
    const open = yield* Effect.provide(
      Effect.flatMap(SqlClient.SqlClient, (client) =>
        keepOpen((wait) => client.withTransaction(Effect.andThen(publish, wait)))
      ),
      theirs
    )
    yield* open.done
    yield* register("roles", event.eventName)
    assert.isTrue((yield* sweep).isOpen)
    assert.isTrue((yield* sweep).isOpen)
    yield* open.commit
    yield* sweepAll
    assert.deepStrictEqual(yield* given("roles"), [event.id])
  }).pipe(
    Effect.scoped,
    Effect.provide(
      services(clientAs(consuming, schema)).pipe(
        Layer.provide(Layer.effectDiscard(roles)),
        Layer.provide(withSchema(schema)),
        Layer.provide(clientFor(schema))
      )
    )
  )
})

it.live("a publish that began before a registration and got its transaction id long after it is given", () =>
  Effect.gen(function* () {
    const event = newEvent("latexid.happened")
    const sql = yield* SqlClient.SqlClient
    const outbox = yield* OutboxStore
    // Waits before the statement has an id, and with what it saw before the registration.
    yield* sql.unsafe(`CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema())); RETURN NULL; END $$`)
    yield* sql`CREATE TRIGGER wait BEFORE INSERT ON integration_event EXECUTE FUNCTION wait()`
    const stop = yield* keepDone(sql`SELECT pg_advisory_xact_lock(hashtext(current_schema()))`)
    // The second statement ends what the first one saw.
    const open = yield* keepOpen((wait) =>
      Transactor.withTransaction(Effect.andThen(Effect.andThen(outbox.append([event]), sql`SELECT 1`), wait))
    )
    yield* until(
      sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = hashtext(current_schema())::oid`,
      (rows) => rows.length > 0
    )
    yield* register("latexid", event.eventName)
    assert.isTrue((yield* sweep).isOpen)
    yield* stop.commit
    yield* open.done
    assert.isTrue((yield* sweep).isOpen)
    assert.isTrue((yield* sweep).isOpen)
    yield* open.commit
    yield* sweepAll
    assert.deepStrictEqual(yield* given("latexid"), [event.id])
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live("drain gives what a publish left that was open while its consumer registered", () =>
  Effect.gen(function* () {
    const { Happened } = eventsOf("drained")
    const publisher = yield* Publisher
    const open = yield* keepDone(publisher.publish(Happened, { n: 1 }))
    // Nobody polls: the registry tells the store, and no more.
    yield* (yield* Registry).register([
      Subscriber.make({ consumer: "drained", event: Happened, handler: () => Effect.void })
    ])
    yield* open.commit
    yield* (yield* Processor).drain
    const deliveries = yield* InboxStore.use((inbox) => inbox.findByConsumer("drained", undefined, 10))
    assert.deepStrictEqual(
      deliveries.map(({ status }) => status),
      ["processed"]
    )
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

describe.each(databases)("on $name", ({ layer }) => {
  it.live("events restored from another cluster count as old", () =>
    Effect.gen(function* () {
      const outbox = yield* OutboxStore
      const sql = yield* SqlClient.SqlClient
      const [restored, own] = [newEvent("restored.happened"), newEvent("restored.happened")]
      yield* outbox.append([restored])
      // Its transaction's id is one that this cluster has not come to.
      yield* sql`
        UPDATE integration_event SET transaction_id = (pg_current_xact_id()::text::bigint + 1000000)::text::xid8`
      yield* register("restored", restored.eventName)
      yield* sweepAll
      assert.isEmpty(yield* given("restored"))
      yield* outbox.append([own])
      assert.deepStrictEqual(yield* given("restored"), [own.id])
    }).pipe(Effect.scoped, Effect.provide(services(layer)))
  )
})

it.live("a consumer that becomes ordered while a sweep ends is swept again", () =>
  Effect.gen(function* () {
    const [missed, keyless] = [newEvent("ending.happened"), newEvent("ending.happened")]
    const outbox = yield* OutboxStore
    const sql = yield* SqlClient.SqlClient
    // The savepoint lets go of the snapshot of the statement before.
    const early = yield* keepDone(Effect.andThen(outbox.append([missed]), sql`SAVEPOINT done`))
    yield* register("ending", missed.eventName)
    assert.isTrue((yield* sweep).isOpen)
    yield* early.commit
    // Knows nothing of the order.
    const late = yield* keepDone(outbox.append([keyless]))
    const holder = yield* keepDone(sql`SELECT 1 FROM integration_event WHERE id = ${missed.id}::uuid FOR UPDATE`)
    const ending = yield* Effect.forkScoped(sweep)
    yield* until(sql`SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`, (_) => _.length > 0)
    yield* register("ending", missed.eventName, "aggregate")
    yield* holder.commit
    assert.isTrue((yield* Fiber.join(ending)).isOpen)
    yield* late.commit
    yield* sweepAll
    const keys = yield* sql`SELECT 1 FROM inbox_event WHERE consumer_name = 'ending' AND ordering_key IS NOT NULL`
    assert.lengthOf(keys, 2)
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live(
  "what a worker has in hand when its consumer becomes ordered keeps the sweep open, and its place in the order",
  () =>
    Effect.gen(function* () {
      const events = [newEvent("inhand.happened"), newEvent("inhand.happened")] as const
      const [outbox, inbox] = [yield* OutboxStore, yield* InboxStore]
      const interest = { names: [events[0].eventName], patterns: [] }
      yield* register("inhand", events[0].eventName)
      yield* outbox.append(events)
      const worker = yield* keepDone(inbox.claim({ consumer: "inhand", interest, limit: 1, maxPosition: undefined }))
      yield* register("inhand", events[0].eventName, "aggregate")
      assert.isTrue((yield* sweep).isOpen)
      yield* worker.commit
      yield* sweepAll
      const claimed = yield* Transactor.withTransaction(
        inbox.claim({ consumer: "inhand", interest, limit: 10, maxPosition: undefined, onDeadLetter: "park" })
      )
      assert.deepStrictEqual(
        claimed.map(({ eventId }) => eventId),
        events.map(({ id }) => id)
      )
    }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

describe.each(runtimes.filter(({ isServer }) => isServer))("on $name", ({ layer }) => {
  it.live("a publish that is open while its consumer becomes ordered, or ceases to be, follows", () =>
    Effect.gen(function* () {
      const [outbox, inbox] = [yield* OutboxStore, yield* InboxStore]
      const [event, other] = [newEvent("becomes.happened"), newEvent("becomes.happened")]
      const interest = { names: [event.eventName], patterns: [] }
      const claimed = (onDeadLetter?: "park") =>
        Effect.map(
          Transactor.withTransaction(
            Effect.tap(
              inbox.claim({ consumer: "becomes", interest, limit: 10, maxPosition: undefined, onDeadLetter }),
              inbox.complete
            )
          ),
          (rows) => rows.map(({ eventId }) => eventId)
        )
      yield* register("becomes", event.eventName)
      const open = yield* keepDone(outbox.append([event]))
      yield* register("becomes", event.eventName, "aggregate")
      yield* open.commit
      yield* sweepAll
      assert.deepStrictEqual(yield* claimed("park"), [event.id])
      const keyed = yield* keepDone(outbox.append([other]))
      yield* register("becomes", event.eventName)
      yield* keyed.commit
      yield* sweepAll
      assert.deepStrictEqual(yield* claimed(), [other.id])
    }).pipe(Effect.scoped, Effect.provide(layer({ settings: unpolled })))
  )
})

/** Transactions go on: those that were seen are noted. */
const passTransactions = Effect.fnUntraced(function* (count: number) {
  const sql = yield* SqlClient.SqlClient
  for (let n = 0; n < count; n++) yield* sql`SELECT pg_current_xact_id()::text`
})

it.live(
  "under an old transaction, a sweep looks once at what has been published, and gives that one's when it commits",
  () =>
    Effect.gen(function* () {
      const [outbox, sql] = [yield* OutboxStore, yield* SqlClient.SqlClient]
      const event = newEvent("again.happened")
      const old = yield* keepDone(outbox.append([event]))
      yield* register("again", event.eventName, "aggregate")
      const count = 1000
      yield* outbox.append(Array.from({ length: count }, () => newEvent(event.eventName)))
      yield* passTransactions(20)
      /** Events that the next sweep looks at. */
      const unseen = Effect.map(
        sql<{ n: number }>`
          SELECT count(*)::int AS n
          FROM integration_subscription AS s
          JOIN integration_event AS e ON NOT pg_visible_in_snapshot(e.transaction_id, s.seen_snapshot)`,
        ([row]) => row?.n
      )
      assert.strictEqual(yield* unseen, count)
      assert.isTrue((yield* sweepNew).isOpen)
      assert.strictEqual(yield* unseen, 0)
      yield* old.commit
      yield* sweepAll
      assert.lengthOf(yield* InboxStore.use((inbox) => inbox.findByConsumer("again", undefined, 2 * count)), count + 1)
    }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live("an event that is routed past a registration, after a sweep has looked, is given", () =>
  Effect.gen(function* () {
    const [outbox, sql] = [yield* OutboxStore, yield* SqlClient.SqlClient]
    const { eventName } = newEvent("routed.happened")
    const inserting = yield* keepDone(
      sql`INSERT INTO outbox_event (event_name, source_module, aggregate_type, aggregate_id, payload)
        VALUES (${eventName}, 'tests', 'Thing', '1', '{}')`
    )
    const registering = yield* keepDone(register("routed", eventName))
    yield* inserting.commit
    const routing = yield* keepDone(outbox.route(10))
    yield* registering.commit
    yield* passTransactions(20)
    assert.isTrue((yield* sweep).isOpen)
    yield* passTransactions(20)
    assert.isTrue((yield* sweep).isOpen)
    yield* routing.commit
    yield* sweepAll
    assert.lengthOf(yield* given("routed"), 1)
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live(
  "a consumer with several subscriptions to an event is given all that it missed, also by several sweeps at once",
  () =>
    Effect.gen(function* () {
      const { append } = yield* OutboxStore
      const count = 2500
      const { eventName } = newEvent("overlapping.happened")
      const open = yield* keepDone(append(Array.from({ length: count }, () => newEvent(eventName))))
      yield* SubscriptionStore.use((store) =>
        store.register(
          [eventName, "overlapping.*"].map((event) => ({
            consumer: "overlapping",
            event,
            priority: 0,
            ordering: "none"
          }))
        )
      )
      yield* passTransactions(20)
      yield* open.commit
      yield* Effect.all([sweepNew, sweepNew, sweepNew], { concurrency: 3 })
      yield* sweepAll
      const rows = yield* InboxStore.use((inbox) => inbox.findByConsumer("overlapping", undefined, 2 * count))
      assert.lengthOf(rows, count)
    }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)
