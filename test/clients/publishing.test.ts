/** Events that an application publishes in transactions it opened with its own client. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  DomainEvent,
  Integration,
  linksIn,
  Processor,
  Publisher,
  publisherIn,
  SubscriptionStore
} from "../../src/index.ts"
import { names, Told } from "../processes/clients.ts"
import { createWritten, failing } from "../support/application.ts"
import { inTheirs, runner, stored, Undone, withApplication, written } from "../support/applications.ts"
import { start } from "../support/children.ts"
import { inSchema } from "../support/databases.ts"
import { eventsOf, noted, noting, serve, type Thing, unpolled, until } from "../support/scenario.ts"
import { applicationNamed, clientNames } from "../support/transactionClients.ts"

const range = (length: number, from = 0) => Array.from({ length }, (_, n) => from + n)

describe.each(clientNames)("%s", (name) => {
  layer(withApplication(name), { excludeTestServices: true, timeout: "60 seconds" })("in their transaction", (it) => {
    it.effect(
      "what is committed is there, and delivered at once; what is rolled back never was, and wakes nobody",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("ends")
          yield* serve(noting("ends", Happened))
          const undone = yield* inTheirs(async (tx, run, app) => {
            await app.write(tx, { name: "ends", n: 1 })
            await run(publisherIn(tx).publish(Happened, { n: 1 }))
            throw new Undone()
          }).pipe(Effect.flip)
          assert.instanceOf(undone, Undone)
          const event = yield* inTheirs(async (tx, run, app) => {
            await app.write(tx, { name: "ends", n: 2 })
            const published = await run(publisherIn(tx).publish(Happened, { n: 2 }))
            await app.write(tx, { name: "ends", n: 3 })
            return published
          })
          assert.deepStrictEqual(event.payload, { n: 2 })
          assert.deepStrictEqual(yield* until(noted("ends"), (all) => all.length > 0), [2])
          assert.deepStrictEqual(yield* stored(Happened.name), [2])
          assert.deepStrictEqual(yield* written("ends"), [2, 3])
          // The first may have been found by the look that follows a start.
          for (const n of [4, 5]) {
            yield* inTheirs((tx, run) => run(publisherIn(tx).publish(Happened, { n })))
            yield* until(noted("ends"), (all) => all.includes(n))
          }
        })
    )

    it.effect("an error in the middle, of a statement or of an event, leaves nothing of all that came before it", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("middle")
        const ofStatement = inTheirs(async (tx, run, app) => {
          await app.write(tx, { name: "middle", n: 1 })
          await run(publisherIn(tx).publish(Happened, { n: 1 }))
          await app.run(tx, failing)
        })
        const ofEvent = inTheirs(async (tx, run, app) => {
          await app.write(tx, { name: "middle", n: 2 })
          await run(publisherIn(tx).publish(Happened, { n: 2 }))
          await run(publisherIn(tx).publish(Happened, { n: "two" as never }))
        })
        yield* Effect.flip(ofStatement)
        yield* Effect.flip(ofEvent)
        assert.isEmpty(yield* stored(Happened.name))
        assert.isEmpty(yield* written("middle"))
      })
    )

    it.effect("an event that cannot be stored fails alone: the transaction goes on as its owner says", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("alone")
        yield* inTheirs(async (tx, run, app) => {
          const publisher = publisherIn(tx)
          await app.write(tx, { name: "alone", n: 1 })
          await run(Effect.flip(publisher.publish(Happened, { n: "one" as never })))
          const list = [...range(1200).map((n) => DomainEvent.publication(Happened, { n }))]
          list.push(DomainEvent.publication(Happened, { n: "last" as never }))
          await run(Effect.flip(publisher.publishAll(list)))
          await run(publisher.publish(Happened, { n: 7 }))
        })
        assert.deepStrictEqual(yield* stored(Happened.name), [7])
        assert.deepStrictEqual(yield* written("alone"), [1])
      })
    )

    it.effect("a key makes an event once, in a transaction and after it; one that was rolled back is free again", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("keyed")
        const publish = (n: number) => inTheirs((tx, run) => run(publisherIn(tx).publish(Happened, { n }, keyed)))
        const keyed = { dedupeKey: "only" }
        yield* inTheirs(async (tx, run) => {
          await run(publisherIn(tx).publish(Happened, { n: 0 }, keyed))
          throw new Undone()
        }).pipe(Effect.ignore)
        const [first, second] = yield* inTheirs(async (tx, run) => [
          await run(publisherIn(tx).publish(Happened, { n: 1 }, keyed)),
          await run(publisherIn(tx).publish(Happened, { n: 2 }, keyed))
        ])
        assert.deepStrictEqual([first?.isDuplicate, second?.isDuplicate], [false, true])
        assert.strictEqual(first?.id, second?.id)
        assert.deepStrictEqual(yield* publish(3), { ...first!, isDuplicate: true })
        const fresh = range(8).map((n) =>
          inTheirs((tx, run) => run(publisherIn(tx).publish(Happened, { n: n + 10 }, { dedupeKey: "race" })))
        )
        const all = yield* Effect.all(fresh, { concurrency: "unbounded" })
        assert.lengthOf(new Set(all.map((event) => event.id)), 1)
        assert.lengthOf(
          all.filter((event) => !event.isDuplicate),
          1
        )
      })
    )

    it.effect("a list of many is stored in its order, by several statements, all or none", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("many")
        yield* serve(noting("many", Happened))
        const list = (definition: Thing) => range(1200).map((n) => DomainEvent.publication(definition, { n }))
        yield* inTheirs(async (tx, run, app) => {
          await app.write(tx, { name: "many", n: 1 })
          const events = await run(publisherIn(tx).publishAll(list(Happened)))
          assert.deepStrictEqual(
            events.map((event) => event.payload.n),
            range(1200)
          )
        })
        yield* inTheirs(async (tx, run) => {
          await run(publisherIn(tx).publishAll(list(Followed)))
          throw new Undone()
        }).pipe(Effect.ignore)
        assert.deepStrictEqual(yield* stored(Happened.name), range(1200))
        assert.isEmpty(yield* stored(Followed.name))
        assert.deepStrictEqual(yield* until(noted("many"), (all) => all.length >= 1200), range(1200))
      })
    )

    it.effect("links are made and found in it, and gone with it", () =>
      Effect.gen(function* () {
        const entity = (entityId: string) => ({ module: "links", entityType: "Thing", entityId })
        const link = (to: string) => ({ source: entity("a"), target: entity(to), linkType: "reference" as const })
        yield* inTheirs(async (tx, run) => {
          await run(linksIn(tx).create(link("undone")))
          assert.lengthOf(await run(linksIn(tx).findOutbound(entity("a"))), 1)
          assert.lengthOf(await run(linksIn(tx).findInbound(entity("undone"))), 1)
          throw new Undone()
        }).pipe(Effect.flip)
        const found = yield* inTheirs(async (tx, run) => {
          await run(linksIn(tx).create(link("kept")))
          return run(linksIn(tx).findOutbound(entity("a")))
        })
        assert.deepStrictEqual(
          found.map(({ target }) => target.entityId),
          ["kept"]
        )
      })
    )

    it.effect("a savepoint that is rolled back takes its event back, and no other", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("nested")
        yield* serve(noting("nested", Happened))
        yield* inTheirs(async (tx, run, app) => {
          await run(publisherIn(tx).publish(Happened, { n: 1 }))
          const inner = app.nested(tx, async (inner) => {
            await app.write(inner, { name: "nested", n: 2 })
            await run(publisherIn(inner).publish(Happened, { n: 2 }))
            await run(
              publisherIn(inner).publishAll(range(1200, 100).map((n) => DomainEvent.publication(Happened, { n })))
            )
            throw new Undone()
          })
          await inner.catch(() => undefined)
          await run(publisherIn(tx).publish(Happened, { n: 3 }))
          await app.nested(tx, async (inner) => {
            await app.write(inner, { name: "nested", n: 4 })
            await run(publisherIn(inner).publish(Happened, { n: 4 }))
          })
          const failed = app.nested(tx, async (inner) => {
            await run(publisherIn(inner).publish(Happened, { n: 5 }))
            await app.run(inner, failing)
          })
          await failed.catch(() => undefined)
          await run(publisherIn(tx).publish(Happened, { n: 6 }))
        })
        assert.deepStrictEqual(yield* until(noted("nested"), (all) => all.length >= 4), [1, 3, 4, 6])
        assert.deepStrictEqual(yield* stored(Happened.name), [1, 3, 4, 6])
        assert.deepStrictEqual(yield* written("nested"), [4])
      })
    )

    it.effect(
      "what is published at the same time in one transaction, and in as many as there are connections, is all there",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("beside")
          yield* serve(noting("beside", Happened))
          const transaction = (from: number) =>
            inTheirs(async (tx, run, app) => {
              const publish = (n: number) => run(publisherIn(tx).publish(Happened, { n }))
              await Promise.all(
                range(10, from).map((n) => Promise.all([publish(n), app.write(tx, { name: "beside", n })]))
              )
            })
          yield* Effect.forEach(range(20), (n) => transaction(10 * n), { concurrency: "unbounded" })
          assert.deepStrictEqual(yield* written("beside"), range(200))
          assert.deepStrictEqual(yield* until(noted("beside"), (all) => all.length >= 200), range(200))
          yield* Processor.use((processor) => processor.drain)
          const sql = yield* SqlClient.SqlClient
          assert.isEmpty(yield* sql`SELECT 1 FROM inbox_event WHERE status <> 'processed' AND consumer_name = 'beside'`)
        })
    )
  })
})

it.live("a commit of any client wakes consumers of another process, however rarely it polls", () =>
  inSchema(
    SqlClient.SqlClient.use((sql) => sql.unsafe(createWritten)),
    (env) =>
      Effect.gen(function* () {
        const subscription = { consumer: "clients", event: Told.name, priority: 0, ordering: "none" as const }
        yield* SubscriptionStore.use((store) => store.register([subscription]))
        yield* Publisher.publish(Told, { n: 0 })
        const child = yield* start("clients", { ...env, TEST_CLIENT: "pg", TEST_ROLE: "handle", TEST_UNPOLLED: "yes" })
        yield* child.message("ready")
        const run = yield* runner
        for (const [index, name] of clientNames.entries()) {
          const app = yield* applicationNamed(name)
          for (const n of [2 * index + 1, 2 * index + 2]) {
            yield* Effect.promise(() =>
              app.transaction(async (tx) => {
                await app.write(tx, { name: "told", n })
                await run(publisherIn(tx, app.client).publish(Told, { n }))
              })
            )
            yield* until(written(names.heard), (heard) => heard.includes(n))
          }
        }
        assert.deepStrictEqual(yield* written("told"), range(2 * clientNames.length, 1))
      }),
    Integration.layer({ settings: { ...unpolled, processorEnabled: false } })
  )
)
