/** Handlers that write through a client and do not come to an end: at a shutdown, or as a part of them fails before the others. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Consumer, Errors, Integration, Processor, Publisher } from "../../src/index.ts"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { createIntegration, subscriber } from "../../src/promise/PromiseApi.ts"
import { createWritten } from "../support/application.ts"
import { App, withApplication, written } from "../support/applications.ts"
import { postgres } from "../support/databases.ts"
import { deliveries, eventsOf, serve, unpolled, until } from "../support/scenario.ts"
import { applicationNamed, clientKinds } from "../support/transactionClients.ts"

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("it did not reject")
}

describe.each(clientKinds)("%s", (name) => {
  it.live(
    "at a shutdown, what a handler that goes on has written is nowhere, and its delivery waits for the next start",
    () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("shutdown")
        const app = yield* App
        const begun = yield* Deferred.make<void>()
        let running = 0
        const handling = subscriber({
          consumer: Consumer.make("shutdown", { maxAttempts: 1, timeout: "1 minute" }),
          event: Happened,
          client: app.client,
          handler: async ({ payload: { n } }, { signal, tx }) => {
            running++
            await app.write(tx, { name: "shutdown", n })
            Effect.runSync(Deferred.succeed(begun, undefined))
            for (let i = 0; i < 100 && !(signal.aborted && i > 50); i++) {
              await app.write(tx, { name: "shutdown", n }).catch(() => undefined)
              await sleep(10)
            }
            running--
          }
        })
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* serve(handling)
            yield* Publisher.publish(Happened, { n: 1 })
            yield* Deferred.await(begun)
          })
        )
        yield* until(
          Effect.sync(() => running),
          (count) => count === 0
        )
        assert.isEmpty(yield* written("shutdown"))
        assert.deepInclude((yield* deliveries("shutdown"))[0], { status: "received", attempts: 0 })
        yield* serve(
          subscriber({
            consumer: Consumer.make("shutdown", { maxAttempts: 1 }),
            event: Happened,
            client: app.client,
            handler: ({ payload: { n } }, { tx }) => app.write(tx, { name: "shutdown", n })
          })
        )
        yield* Processor.use((processor) => processor.drain)
        assert.deepStrictEqual(yield* written("shutdown"), [1])
        assert.deepInclude((yield* deliveries("shutdown"))[0], { status: "processed", attempts: 1 })
      }).pipe(Effect.scoped, Effect.provide(withApplication(name, { shutdownGracePeriod: "20 millis" })))
  )

  it.live("a part of a handler that goes on when another part has failed writes nothing", () =>
    Effect.gen(function* () {
      const { Happened, happenings } = eventsOf("parts")
      const app = yield* App
      let running = 0
      yield* serve(
        subscriber({
          consumer: Consumer.make("parts", { maxAttempts: 2 }),
          event: Happened,
          client: app.client,
          handler: async ({ attempt, payload: { n } }, { tx }) => {
            const going = async () => {
              running++
              for (let i = 0; i < 30; i++) {
                await app.write(tx, { name: "parts", n: 100 + n }).catch(() => undefined)
                await sleep(1)
              }
              running--
            }
            const failing = async () => {
              await app.write(tx, { name: "parts", n })
              if (attempt === 1) throw new Error("not yet")
            }
            await Promise.all(attempt === 1 ? [failing(), going()] : [failing()])
          }
        })
      )
      for (const one of happenings(3)) {
        yield* Publisher.publishAll([one])
        yield* until(deliveries("parts"), (rows) => rows.every((row) => row.status === "processed"))
      }
      yield* until(
        Effect.sync(() => running),
        (count) => count === 0
      )
      assert.deepStrictEqual(yield* written("parts"), [0, 1, 2])
    }).pipe(Effect.scoped, Effect.provide(withApplication(name)))
  )

  it.live("createIntegration takes the client, refuses subscribers of another, and leased ones", () =>
    Effect.gen(function* () {
      const { Followed, Happened } = eventsOf("created")
      const sql = yield* SqlClient.SqlClient
      yield* sql.unsafe(createWritten)
      const [{ schema } = { schema: "" }] = yield* sql<{ schema: string }>`SELECT current_schema()::text AS "schema"`
      const [app, other] = [yield* applicationNamed(name), yield* applicationNamed(name)]
      yield* Effect.promise(async () => {
        await using integration = createIntegration({
          url: inject("postgresUrl"),
          schema,
          client: app.client,
          settings: unpolled
        })
        await integration.subscribe({
          consumer: "created",
          event: Happened,
          client: app.client,
          handler: async ({ payload: { n } }, { tx }) => {
            await app.write(tx, { name: "created", n })
            await integration.publisherIn(tx).publish(Followed, { n })
          }
        })
        await integration.start()
        const event = await app.transaction(async (tx) => {
          await app.write(tx, { name: "created", n: 1 })
          return integration.publisherIn(tx).publish(Happened, { n: 2 })
        })
        await integration.settled(event.id)
        await integration.transaction(async ({ publish, tx }) => {
          await app.write(tx, { name: "created", n: 3 })
          await publish(Followed, { n: 3 })
        })
        await rejection(
          integration.transaction(async ({ tx }) => {
            await app.write(tx, { name: "created", n: 4 })
            throw new Error("undone")
          })
        )
        const given = { event: Happened, handler: () => undefined }
        const others = await rejection(integration.subscribe({ ...given, consumer: "others", client: other.client }))
        assert.instanceOf(others, Errors.InvalidOption)
        const leased = await rejection(
          integration.subscribe({ ...given, consumer: "leased", client: app.client, mode: "leased" })
        )
        assert.instanceOf(leased, Errors.InvalidOption)
        assert.include(leased.message, "leased")
        await using without = createIntegration({ url: inject("postgresUrl"), schema, settings: unpolled })
        await without.start()
        const none = await rejection(without.subscribe({ ...given, consumer: "none", client: app.client }))
        assert.instanceOf(none, Errors.InvalidOption)
      })
      assert.deepStrictEqual(yield* written("created"), [1, 2, 3])
      const followed = yield* sql`SELECT 1 FROM outbox_event WHERE event_name = ${Followed.name}`
      assert.lengthOf(followed, 2)
    }).pipe(Effect.scoped, Effect.provide(postgres()))
  )
})

it.live("PGlite refuses it, and memory a subscriber of it", () =>
  Effect.gen(function* () {
    const { Happened } = eventsOf("elsewhere")
    const { client } = yield* applicationNamed("pg")
    const embedded = Layer.provide(Integration.layer({ client }), PgLite.layerMemory)
    const refused = yield* Effect.flip(Effect.scoped(Layer.build(embedded)))
    assert.instanceOf(refused, Errors.InvalidOption)
    assert.include(refused.message, "none with PGlite")
    const memory = Integration.layerMemory({ client } as Integration.MemoryOptions)
    const unknown = yield* Effect.flip(Effect.scoped(Layer.build(memory)))
    assert.instanceOf(unknown, Errors.InvalidOption)
    const handling = subscriber({ consumer: "memory", event: Happened, client, handler: () => undefined })
    const inMemory = yield* Effect.flip(
      Effect.scoped(Effect.provide(serve(handling), Integration.layerMemory({ settings: {} })))
    )
    assert.instanceOf(inMemory, Errors.InvalidOption)
  }).pipe(Effect.scoped, Effect.provide(postgres()))
)
