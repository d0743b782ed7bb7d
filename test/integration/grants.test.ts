/** Roles with the grants that docs/grants.md lists, and nothing else: all that it says they can do. */
import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Layer, Logger, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import {
  Actor,
  Consumer,
  Contracts,
  DeadLetters,
  Doctor,
  DomainEvent,
  Integration,
  LinkStore,
  OutboxStore,
  Processor,
  Publisher,
  ReplicaStore,
  SettingStore,
  Subscriber,
  SubscriptionStore
} from "../../src/index.ts"
import { clientFor, uniqueSchema, withSchema } from "../support/databases.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"

const page = readFileSync(new URL("../../docs/grants.md", import.meta.url), "utf8")

/** The grants of the page for one of its roles. */
const grantsOf = (role: string) =>
  [...page.matchAll(/^```sql\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = ""]) => block.split(";"))
    .map((grant) => grant.trim())
    .filter((grant) => grant.endsWith(` TO ${role}`))

/** What all processes look after, waiting: an event without deliveries, one kept too long, late consumers, a crash. */
const work = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const event = (name: string) => sql`
    INSERT INTO outbox_event (event_name, source_module, aggregate_type, aggregate_id, payload)
    VALUES (${name}, 'tests', 'Thing', '1', '{}')`
  const late = { event: "work.*", priority: 0, startFrom: "beginning" } as const
  yield* event("work.early")
  yield* OutboxStore.use((outbox) => outbox.route(10))
  yield* SubscriptionStore.use((subscriptions) =>
    subscriptions.register([
      { ...late, consumer: "late", ordering: "aggregate" },
      { ...late, consumer: "also late", ordering: "none" }
    ])
  )
  yield* event("work.unrouted")
  yield* sql`
    INSERT INTO outbox_event (
      event_name, source_module, aggregate_type, aggregate_id, payload, status, routed_at, processed_at, created_at
    )
    SELECT 'old', 'tests', 'Thing', '1', '{}', 'processed', at, at, at
    FROM (SELECT clock_timestamp() - interval '1 day' AS at) AS t`
  const served = {
    late: { names: ["work.early"], patterns: [], ordering: "aggregate", workers: 1, batch: 1 },
    "also late": { names: ["work.idle"], patterns: [], ordering: "none", workers: 1, batch: 1 }
  }
  yield* sql`
    INSERT INTO integration_replica (id, status, last_seen_at, consumers)
    VALUES (gen_random_uuid(), 'running', clock_timestamp() - interval '1 day', ${JSON.stringify(served)}::jsonb)`
})

/** Waits until somebody has done all of it. */
const workDone = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const open = sql<{ open: number }>`
    SELECT (SELECT count(*) FROM outbox_event WHERE routed_at IS NULL OR event_name = 'old')::int
      + (SELECT count(*) FROM integration_subscription WHERE swept_at IS NULL OR (backfill_from IS NOT NULL AND backfilled_at IS NULL))::int
      + (SELECT count(*) FROM integration_consumer WHERE consumer_name = 'also late' AND recovering_until IS NOT NULL)::int
      + (SELECT count(*) FROM integration_replica WHERE status = 'running' AND id <> ${(yield* ReplicaStore).id}::uuid)::int
      AS open`
  yield* until(open, ([row]) => row?.open === 0)
})

/** Fails when something was refused that nobody was told of. */
const withoutRefusals = <A, E, R>(body: Effect.Effect<A, E, R>) => {
  const refused: Array<string> = []
  const capture = Logger.make(({ cause, message }) => {
    const text = `${String(message)} ${String(Cause.squash(cause))}`
    if (/denied/.test(text)) refused.push(text)
  })
  return Effect.ensuring(
    Effect.provide(body, Logger.layer([capture])),
    Effect.sync(() => assert.deepStrictEqual(refused, []))
  )
}

/** Runs `body` as a role that was given the page's grants in a new schema, whose tables somebody else has made. */
const asRole = <A, E, R>(role: string, body: Effect.Effect<A, E, R>) => {
  const schema = uniqueSchema()
  const name = `${role}_${schema}`
  const url = new URL(inject("postgresUrl"))
  url.username = name
  url.password = "secret"
  const granted = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* Effect.provide(work, Integration.layer({ settings: unpolled }))
    yield* Effect.acquireRelease(sql.unsafe(`CREATE ROLE ${name} LOGIN PASSWORD 'secret'`), () =>
      Effect.orDie(Effect.andThen(sql.unsafe(`DROP OWNED BY ${name}`), sql.unsafe(`DROP ROLE ${name}`)))
    )
    const grants = grantsOf(role)
    assert.isNotEmpty(grants)
    for (const grant of grants) {
      yield* sql.unsafe(grant.replace(`TO ${role}`, `TO ${name}`).replace("SCHEMA public", `SCHEMA ${schema}`))
    }
  })
  return Effect.gen(function* () {
    yield* granted
    return yield* withoutRefusals(Effect.provide(body, clientFor(schema, { url: url.href })))
  }).pipe(Effect.scoped, Effect.provide(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema)))))
}

const services = (settings: Integration.Options["settings"] = {}) =>
  Integration.layer({
    migrate: false,
    settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 100, retryBaseDelayMs: 100, ...settings }
  })

const link = (id: string) => ({
  source: { module: "tests", entityType: "Thing", entityId: id },
  target: { module: "other", entityType: "Copy", entityId: id },
  linkType: "reference" as const
})

/** Publishes in every way there is. Returns how many events were stored. */
const publishInAllWays = Effect.fnUntraced(function* (test: string) {
  const { Followed, Happened } = eventsOf(test)
  const keyed = (n: number) => DomainEvent.publication(Followed, { n }, { dedupeKey: `${n}` })
  yield* Publisher.publish(Happened, { n: 1 })
  for (const isDuplicate of [false, true]) {
    assert.strictEqual((yield* Publisher.publish(Followed, { n: 1 }, { dedupeKey: "1" })).isDuplicate, isDuplicate)
  }
  yield* Publisher.publishAll([2, 3].map((n) => DomainEvent.publication(Happened, { n })))
  yield* Publisher.publishAll([keyed(3), keyed(2), keyed(1)])
  yield* Publisher.publish(Happened, { n: 4 }, { delay: "1 hour" })
  const { id } = yield* LinkStore.create(link(test))
  yield* LinkStore.create(link(test))
  assert.lengthOf(yield* LinkStore.findOutbound(link(test).source), 1)
  assert.isTrue(yield* LinkStore.use((links) => links.remove(id)))
  return 7
})

it.live("a process that publishes", () =>
  asRole(
    "publisher",
    Effect.gen(function* () {
      const stored = yield* publishInAllWays("granted")
      const { Happened } = eventsOf("granted")
      for (const owner of ["somebody", "somebody else"]) yield* Layer.build(Contracts.layer([{ ...Happened, owner }]))
      const processor = yield* Processor
      yield* processor.drain
      yield* processor.removeExpired
      yield* workDone
      const sql = yield* SqlClient.SqlClient
      const [count] = yield* sql`SELECT count(*)::int AS stored FROM outbox_event WHERE event_name LIKE 'granted.%'`
      assert.deepStrictEqual(count, { stored })
      yield* processor.stats
      assert.isNotEmpty(yield* processor.replicas)
      const { checks } = yield* Doctor.use((doctor) => doctor.run)
      assert.deepStrictEqual(
        checks.filter(({ outcome }) => outcome === "failed" || outcome === "skipped"),
        []
      )
    }).pipe(Effect.provide(services({ retentionHours: 1 })))
  )
)

it.live("a process that consumes, in all modes", () =>
  asRole(
    "consumer",
    Effect.gen(function* () {
      const { Followed, Happened } = eventsOf("consumed")
      const processor = yield* Processor
      yield* Publisher.publish(Happened, { n: 0 })
      const seen: Array<string> = []
      let isBroken = true
      const noted = (name: string) => (event: { readonly payload: { readonly n: number } }) =>
        Effect.gen(function* () {
          yield* LinkStore.create(link(`${name}-${event.payload.n}`))
          seen.push(name)
        })
      const counter = Actor.make({
        consumer: "grants.actor",
        state: Schema.Struct({ count: Schema.Int }),
        initial: { count: 0 },
        handlers: (on) => [on(Happened, ({ count }) => Effect.succeed({ count: count + 1 }))]
      })
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("grants.plain", { startFrom: "beginning" }),
          event: Happened,
          handler: (event) =>
            Effect.andThen(
              noted("plain")(event),
              Publisher.publish(Followed, event.payload, { dedupeKey: `of ${event.payload.n}` })
            )
        }),
        Subscriber.make({
          consumer: Consumer.make("grants.ordered", { ordering: "aggregate", startFrom: "beginning" }),
          event: Happened,
          handler: noted("ordered")
        }),
        Subscriber.make({
          consumer: Consumer.make("grants.leased", { mode: "leased" }),
          event: Followed,
          handler: noted("leased")
        }),
        Subscriber.batch({
          consumer: "grants.batch",
          event: Followed,
          handler: (events) => Effect.succeed(events.map((event) => Subscriber.processed(event)))
        }),
        Subscriber.make({
          consumer: Consumer.make("grants.broken", { maxAttempts: 2 }),
          event: Followed,
          handler: () => Effect.suspend(() => (isBroken ? Effect.fail("broken") : Effect.void))
        }),
        ...counter.subscribers
      )
      yield* publishInAllWays("consumed")
      const deadLetters = yield* DeadLetters
      // Three that were published, and one of each of the four events that the plain consumer handled.
      const dead = yield* until(
        deadLetters.list({ consumer: "grants.broken" }),
        ({ deadLetters: all }) => all.length === 7
      )
      isBroken = false
      yield* deadLetters.inspect(dead.deadLetters[0]?.deliveryId ?? "")
      yield* deadLetters.requeue(dead.deadLetters[0]?.deliveryId ?? "")
      yield* deadLetters.discard(dead.deadLetters[1]?.deliveryId ?? "", { reason: "tried" })
      yield* processor.pause("grants.plain")
      yield* processor.resume("grants.plain")
      yield* processor.drain
      assert.sameMembers([...new Set(seen)], ["plain", "ordered", "leased"])
      yield* counter.states({ limit: 10 })
      yield* SettingStore.use((store) =>
        Effect.andThen(
          store.set("core.integration.outbox.maxAttempts", 5, "me"),
          store.remove("core.integration.outbox.maxAttempts")
        )
      )
      yield* processor.removeExpired
      yield* workDone
      assert.strictEqual((yield* processor.retire("grants.batch", { open: "skip", force: true })).ended, 1)
      yield* processor.unserved
    }).pipe(Effect.scoped, Effect.provide(services({ retentionHours: 1, deadLetterRetentionHours: 1 })))
  )
)

it.live("whoever publishes by SQL", () =>
  asRole(
    "caller",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`SELECT integration_publish('called', 'tests', 'Thing', '1', '{}', dedupe_key => 'once')`
      yield* sql`SELECT integration_publish('called', 'tests', 'Thing', '1', '{}', dedupe_key => 'once')`
      yield* sql`SELECT integration_link('tests', 'Thing', '1', 'tests', 'Thing', '2', 'reference')`
      // Not even what these call, nor what they write.
      const refused = [
        "SELECT integration_check_name('a', 'b', 1)",
        "SELECT 1 FROM integration_event",
        "SELECT 1 FROM integration_link"
      ]
      for (const statement of refused) {
        assert.strictEqual((yield* Effect.flip(sql.unsafe(statement))).reason._tag, "AuthorizationError")
      }
    })
  )
)

it.live("whoever only inserts events by SQL", () =>
  asRole(
    "inserter",
    SqlClient.SqlClient.use(
      (sql) => sql`
        INSERT INTO outbox_event (event_name, source_module, aggregate_type, aggregate_id, payload)
        VALUES ('inserted', 'tests', 'Thing', '1', '{}')`
    )
  )
)
