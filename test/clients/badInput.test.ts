/** What is refused in transactions of other clients: a typed error each, and the application's own writes are as it says. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { DomainEvent, Errors, Integration, linksIn, Publisher, publisherIn, Subscriber } from "../../src/index.ts"
import { createWritten, failing } from "../support/application.ts"
import { App, inTheirs, type Run, runner, stored, Undone, withApplication, written } from "../support/applications.ts"
import { clientFor, postgres, uniqueSchema } from "../support/databases.ts"
import { eventsOf, noting, type Thing, unpolled } from "../support/scenario.ts"
import { applicationNamed, clientKinds } from "../support/transactionClients.ts"

type Problem = Errors.TransactionUnusable["problem"]

/** Beginnings of the sentences that people get. */
const sentences: Readonly<Record<Problem, string>> = {
  "no-client": "it is not known whose transaction this is. Give the client to Integration.layer({ client })",
  none: "no transaction is open. Begin one and give what the client calls a transaction",
  ended: "the transaction was committed or rolled back already.",
  failed: "a statement in the transaction has failed, and PostgreSQL takes no other until it is rolled back.",
  "read-only": "the transaction only reads",
  leased: "a leased handler is in no transaction",
  conflict: "other transactions stand in its way, and PostgreSQL has rolled it back. Repeat the whole transaction",
  elsewhere: "it is a transaction of another database than the integration's, or of one without its tables."
}

const link = {
  source: { module: "a", entityType: "Thing", entityId: "1" },
  target: { module: "b", entityType: "Thing", entityId: "2" },
  linkType: "reference" as const
}

/** Everything that writes or reads in a transaction fails with one of these. */
const refusedWith = async (
  run: Run,
  tx: unknown,
  event: Thing,
  client: string,
  ...expected: ReadonlyArray<Problem>
) => {
  const publisher = publisherIn(tx)
  const untyped = {
    eventName: event.name,
    sourceModule: "tests",
    aggregateType: "Thing",
    aggregateId: "1",
    payload: {}
  }
  const tried: ReadonlyArray<Effect.Effect<unknown, unknown, Integration.Services>> = [
    publisher.publish(event, { n: 66 }),
    publisher.publish(event, { n: 66 }, { dedupeKey: "refused" }),
    publisher.publishAll(Array.from({ length: 1200 }, () => DomainEvent.publication(event, { n: 66 }))),
    publisher.publishEvent(untyped),
    publisher.publishEvents([untyped]),
    linksIn(tx).create(link),
    linksIn(tx).findOutbound(link.source)
  ]
  for (const each of tried) {
    const error = await run(Effect.flip(each))
    assert.instanceOf(error, Errors.TransactionUnusable)
    assert.include(expected, error.problem)
    assert.include(error.message, `${client}: ${sentences[error.problem]}`)
    assert.strictEqual(error.isRetryable, error.problem === "conflict")
  }
}

/** A database of its own with tables of the engine, if they are wanted, dropped when the scope closes. */
const otherDatabase = Effect.fnUntraced(function* (hasTables: boolean) {
  const database = uniqueSchema()
  const sql = yield* SqlClient.SqlClient
  yield* Effect.acquireRelease(sql`CREATE DATABASE ${sql(database)}`, () =>
    Effect.orDie(sql`DROP DATABASE IF EXISTS ${sql(database)} WITH (FORCE)`)
  )
  const url = new URL(inject("postgresUrl"))
  url.pathname = `/${database}`
  const [{ schema } = { schema: "" }] = yield* sql<{ schema: string }>`SELECT current_schema()::text AS "schema"`
  const tables = SqlClient.SqlClient.use((there) =>
    Effect.andThen(there`CREATE SCHEMA ${there(schema)}`, there.unsafe(createWritten))
  )
  const live = clientFor(schema, { url: url.href })
  yield* Effect.provide(tables, live)
  if (hasTables) {
    const integration = Integration.layer({ settings: { ...unpolled, processorEnabled: false } })
    yield* Effect.scoped(Layer.build(Layer.fresh(integration).pipe(Layer.provide(live))))
  }
  return { connectionString: url.href, schema, max: 3, applicationName: undefined, live }
})

describe.each(clientKinds)("%s", (name) => {
  const [label = ""] = name.split(" ")
  layer(withApplication(name), { excludeTestServices: true, timeout: "60 seconds" })("refused", (it) => {
    it.effect("a client without a transaction open", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("none")
        const { notTransactions } = yield* App
        const run = yield* runner
        assert.isNotEmpty(notTransactions)
        for (const other of [...notTransactions, undefined, null, "tx"])
          yield* Effect.promise(() => refusedWith(run, other, Happened, label, "none"))
        assert.isEmpty(yield* stored(Happened.name))
      })
    )

    it.effect("a transaction that was committed, or rolled back, also one of a savepoint", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("ended")
        const run = yield* runner
        const last: Array<unknown> = []
        yield* inTheirs(async (tx, run, app) => {
          last.push(tx)
          await app.write(tx, { name: "ended", n: 1 })
          await run(publisherIn(tx).publish(Happened, { n: 1 }))
        })
        yield* inTheirs(async (tx, run, app) => {
          last.push(tx)
          await app.write(tx, { name: "ended", n: 2 })
          await run(publisherIn(tx).publish(Happened, { n: 2 }))
          throw new Undone()
        }).pipe(Effect.ignore)
        // Nothing was known of it while it was open.
        yield* inTheirs(async (tx) => last.push(tx))
        for (const tx of last) {
          yield* Effect.promise(() => refusedWith(run, tx, Happened, label, "ended", "none"))
        }
        assert.deepStrictEqual(yield* stored(Happened.name), [1])
        assert.deepStrictEqual(yield* written("ended"), [1])
      })
    )

    it.effect("a transaction in which a statement has failed, until it is rolled back to a savepoint", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("failed")
        const transaction = inTheirs(async (tx, run, app) => {
          await app.write(tx, { name: "failed", n: 1 })
          await run(publisherIn(tx).publish(Happened, { n: 1 }))
          await app.run(tx, failing).catch(() => undefined)
          await refusedWith(run, tx, Happened, label, "failed")
          throw new Undone()
        })
        assert.instanceOf(yield* Effect.flip(transaction), Undone)
        assert.isEmpty(yield* stored(Happened.name))
        assert.isEmpty(yield* written("failed"))
        yield* inTheirs(async (tx, run, app) => {
          const inner = app.nested(tx, async (inner) => {
            await app.run(inner, failing).catch(() => undefined)
            await refusedWith(run, inner, Happened, label, "failed")
            throw new Undone()
          })
          await inner.catch(() => undefined)
          await app.write(tx, { name: "failed", n: 2 })
          await run(publisherIn(tx).publish(Happened, { n: 2 }))
        })
        assert.deepStrictEqual(yield* stored(Happened.name), [2])
        assert.deepStrictEqual(yield* written("failed"), [2])
      })
    )

    it.effect("a serializable transaction that must be repeated, which then succeeds", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("conflict")
        const keyed = { dedupeKey: "conflict" }
        let attempt = 0
        const transaction = inTheirs(async (tx, run, app) => {
          attempt++
          await app.write(tx, { name: "conflict", n: attempt })
          await run(linksIn(tx).findOutbound(link.source))
          // Somebody else stores it after this transaction has begun to see.
          if (attempt === 1) await run(Publisher.publish(Happened, { n: 0 }, keyed))
          return run(publisherIn(tx).publish(Happened, { n: attempt }, keyed))
        }, "SERIALIZABLE")
        const error = yield* Effect.flip(transaction)
        assert.instanceOf(error, Errors.TransactionUnusable)
        assert.strictEqual(error.problem, "conflict")
        assert.isTrue(error.isRetryable)
        assert.include(error.message, `${label}: ${sentences.conflict}`)
        assert.isEmpty(yield* written("conflict"))
        const event = yield* transaction
        assert.isTrue(event.isDuplicate)
        assert.deepStrictEqual(yield* written("conflict"), [2])
        assert.deepStrictEqual(yield* stored(Happened.name), [0])
      })
    )

    it.effect("a deadlock with the transaction, which is rolled back", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("deadlock")
        const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
        const one = (own: 0 | 1) =>
          inTheirs(async (tx, run, app) => {
            await app.write(tx, { name: "deadlock", n: own })
            await run(publisherIn(tx).publish(Happened, { n: own }, { dedupeKey: `key-${own}` }))
            gates[own]?.resolve()
            await gates[1 - own]?.promise
            await run(publisherIn(tx).publish(Happened, { n: own }, { dedupeKey: `key-${1 - own}` }))
            return own
          }).pipe(Effect.result)
        const results = yield* Effect.all([one(0), one(1)], { concurrency: 2 })
        const failures = results.flatMap((each) => (each._tag === "Failure" ? [each.failure] : []))
        assert.lengthOf(failures, 1)
        assert.instanceOf(failures[0], Errors.TransactionUnusable)
        assert.strictEqual(failures[0].problem, "conflict")
        const survivor = results.findIndex((each) => each._tag === "Success")
        assert.deepStrictEqual(yield* written("deadlock"), [survivor])
        assert.deepStrictEqual(yield* stored(Happened.name), [survivor, survivor])
      })
    )

    it.effect.each([true, false])("another database than the integration's, with tables of its own: %s", (hasTables) =>
      Effect.gen(function* () {
        const { Happened } = eventsOf(`elsewhere-${hasTables}`)
        const place = yield* otherDatabase(hasTables)
        const other = yield* applicationNamed(name, place)
        const run = yield* runner
        // The integration's own client is good there, before and after.
        const good = (n: number) => inTheirs((tx, run) => run(publisherIn(tx).publish(Happened, { n })))
        yield* good(1)
        yield* Effect.promise(() =>
          other.transaction(async (tx) => {
            await other.write(tx, { name: "elsewhere", n: 1 })
            const own = await run(Effect.flip(publisherIn(tx, other.client).publish(Happened, { n: 66 })))
            assert.instanceOf(own, Errors.TransactionUnusable)
            assert.strictEqual(own.problem, "elsewhere")
            assert.include(own.message, `${label}: ${sentences.elsewhere}`)
            await other.write(tx, { name: "elsewhere", n: 2 })
          })
        )
        // Taken for one of the integration's client: without the tables, the server refuses it and all that follows.
        const mistaken = Effect.promise(() =>
          other.transaction(async (tx) => {
            await other.write(tx, { name: "elsewhere", n: 3 })
            await refusedWith(run, tx, Happened, label, "elsewhere")
            await other.write(tx, { name: "elsewhere", n: 4 })
          })
        )
        assert.strictEqual(Exit.isSuccess(yield* Effect.exit(mistaken)), hasTables)
        yield* good(2)
        assert.deepStrictEqual(yield* stored(Happened.name), [1, 2])
        yield* Effect.gen(function* () {
          assert.deepStrictEqual(yield* written("elsewhere"), hasTables ? [1, 2, 3, 4] : [1, 2])
          if (hasTables) assert.isEmpty(yield* stored(Happened.name))
        }).pipe(Effect.provide(place.live))
        const layered = Subscriber.layer(noting("elsewhere", Happened)).pipe(
          Layer.provide(Integration.layer({ client: other.client, settings: unpolled }))
        )
        const refused = yield* Effect.flip(Effect.scoped(Layer.build(Layer.fresh(layered))))
        assert.instanceOf(refused, Errors.InvalidOption)
        assert.include(refused.message, "a client of another database")
      })
    )

    it.effect("what the server refuses for another reason says so, and nothing was written", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("readonly")
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not today''; END'`
        yield* sql`CREATE TRIGGER refuse BEFORE INSERT ON integration_link FOR EACH ROW EXECUTE FUNCTION refuse()`
        const error = yield* inTheirs(async (tx, run, app) => {
          await app.write(tx, { name: "readonly", n: 1 })
          await run(publisherIn(tx).publish(Happened, { n: 1 }))
          await run(linksIn(tx).create(link))
        }).pipe(Effect.flip)
        yield* sql`DROP TRIGGER refuse ON integration_link`
        assert.instanceOf(error, Errors.StoreError)
        assert.include(error.message, "not today")
        assert.isEmpty(yield* stored(Happened.name))
        assert.isEmpty(yield* written("readonly"))
      })
    )
  })

  it.live("nobody said whose transaction it is; told with it, it is published", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("no-client")
      const app = yield* applicationNamed(name)
      const run = yield* runner
      yield* Effect.promise(() =>
        app.transaction(async (tx) => {
          const error = await run(Effect.flip(publisherIn(tx).publish(Happened, { n: 1 })))
          assert.instanceOf(error, Errors.TransactionUnusable)
          assert.strictEqual(error.problem, "no-client")
          assert.include(error.message, sentences["no-client"])
          await run(publisherIn(tx, app.client).publish(Happened, { n: 2 }))
        })
      )
      assert.deepStrictEqual(yield* stored(Happened.name), [2])
    }).pipe(
      Effect.scoped,
      Effect.provide(Integration.layer({ settings: unpolled }).pipe(Layer.provideMerge(postgres())))
    )
  )

  it.live("a pool of one connection is refused at the start", () =>
    Effect.gen(function* () {
      const { client } = yield* applicationNamed(name, { max: 1 })
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Integration.layer({ client }))))
      assert.instanceOf(error, Errors.InvalidOption)
      assert.include(error.message, `connections of ${label}`)
      assert.include(error.message, "at least 2: a batch of deliveries holds one")
    }).pipe(Effect.scoped, Effect.provide(postgres()))
  )
})
