/** When the sweep of a registration ends, and what it gives: transactions of others, old and restored events, changes of order. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { InboxStore, OutboxStore, SubscriptionStore } from "../../src/index.ts"
import { TableClient } from "../../src/sql/connection/tableClient.ts"
import { layer as outboxLayer } from "../../src/sql/outbox/store.ts"
import { newEvent } from "../../src/testing/conformance/support.ts"
import { clientFor, databases, postgres, uniqueSchema, withSchema } from "../support/databases.ts"
import { services, until } from "../support/scenario.ts"

/** Does something in a transaction that stays open until it is told to commit. */
const keepOpen = Effect.fnUntraced(function* (work: Effect.Effect<unknown, unknown>, client?: SqlClient.SqlClient) {
  const sql = client ?? (yield* SqlClient.SqlClient)
  const done = yield* Deferred.make<void>()
  const commit = yield* Deferred.make<void>()
  const fiber = yield* Effect.forkScoped(
    sql.withTransaction(Effect.andThen(Effect.andThen(work, Deferred.succeed(done, undefined)), Deferred.await(commit)))
  )
  return {
    done: Effect.raceFirst(Deferred.await(done), Fiber.join(fiber)),
    commit: Effect.andThen(Deferred.succeed(commit, undefined), Fiber.join(fiber))
  }
})

const register = (consumer: string, event: string, ordering: "none" | "aggregate" = "none") =>
  SubscriptionStore.use((store) => store.register([{ consumer, event, priority: 0, ordering }]))

const sweep = SubscriptionStore.use((store) => store.sweep)

/** Sweeps until nothing is left to be swept. */
const sweepAll = until(sweep, ({ isOpen }) => !isOpen)

const given = (consumer: string) =>
  InboxStore.use((inbox) =>
    Effect.map(inbox.findByConsumer(consumer, 0n, 100), (rows) => rows.map(({ eventId }) => eventId))
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
        Layer.provide(TableClient.layer),
        Layer.provideMerge(clientAs(publishing, schema)),
        Layer.fresh
      )
    )
    const publish = Effect.provide(
      OutboxStore.use((outbox) => outbox.append([event])),
      theirs
    )
    const open = yield* Effect.provide(
      Effect.flatMap(SqlClient.SqlClient, (client) => keepOpen(publish, client)),
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
    yield* sql`CREATE TRIGGER wait BEFORE INSERT ON outbox_event EXECUTE FUNCTION wait()`
    const stop = yield* keepOpen(sql`SELECT pg_advisory_xact_lock(hashtext(current_schema()))`)
    yield* stop.done
    // The second statement ends what the first one saw.
    const open = yield* keepOpen(Effect.andThen(outbox.append([event]), sql`SELECT 1`))
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

describe.each(databases)("on $name", ({ layer }) => {
  it.live("events restored from another cluster count as old", () =>
    Effect.gen(function* () {
      const outbox = yield* OutboxStore
      const sql = yield* SqlClient.SqlClient
      const [restored, own] = [newEvent("restored.happened"), newEvent("restored.happened")]
      yield* outbox.append([restored])
      // Its transaction's id is one that this cluster has not come to.
      yield* sql`
        UPDATE outbox_event SET transaction_id = (pg_current_xact_id()::text::bigint + 1000000)::text::xid8`
      yield* register("restored", restored.eventName)
      yield* sweepAll
      assert.isEmpty(yield* given("restored"))
      yield* outbox.append([own])
      assert.deepStrictEqual(yield* given("restored"), [own.id])
    }).pipe(Effect.scoped, Effect.provide(services(layer)))
  )
})
