/** Where the database of an integration is, said in one option; and what is said of one that is nowhere. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { assert, describe, inject, it } from "vitest"
import { DomainEvent, IntegrationLive } from "../../src/index.ts"
import { createIntegration, type IntegrationOptions, subscriber } from "../../src/promise.ts"
import { clientFor, uniqueSchema } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const seen: Array<string> = []

const subscribers = [
  subscriber({ consumer: "anywhere", event: "anywhere.*", handler: ({ name }) => Promise.resolve(seen.push(name)) })
]

const event = (eventName: string) => ({ eventName, sourceModule: "tests", aggregateType: "Thing", aggregateId: "1" })

/** Publishes and handles one event. */
const works = async (options: IntegrationOptions, name: string) => {
  await using integration = createIntegration(options)
  await integration.start()
  const { id } = await integration.publishEvent(event(name))
  await integration.settled(id, { timeout: "20 seconds" })
  assert.include(seen, name)
}

/** A url that leads to a schema of its own. */
const withSchema = async (use: (url: string) => Promise<void>) => {
  const schema = uniqueSchema()
  const run = (statement: string) =>
    Effect.runPromise(SqlClient.SqlClient.use((sql) => sql.unsafe(statement)).pipe(Effect.provide(clientFor("public"))))
  await run(`CREATE SCHEMA ${schema}`)
  await use(`${inject("postgresUrl")}?options=${encodeURIComponent(`-c search_path=${schema}`)}`)
  await run(`DROP SCHEMA ${schema} CASCADE`)
}

describe("an integration", () => {
  it("works at a url, with options of Integration.layer", () =>
    withSchema((url) => works({ url, subscribers, settings: unpolled }, "anywhere.url")))

  it("has its tables in the schema that a url names, as Prisma's do", async () => {
    const schema = uniqueSchema()
    await works(
      { url: `${inject("postgresUrl")}?schema=${schema}`, subscribers, settings: unpolled },
      "anywhere.schema"
    )
    const dropped = SqlClient.SqlClient.use((sql) =>
      Effect.andThen(sql`SELECT 1 FROM ${sql(schema)}.outbox_event`, sql.unsafe(`DROP SCHEMA ${schema} CASCADE`))
    )
    await Effect.runPromise(dropped.pipe(Effect.provide(clientFor("public"))))
  })

  it("takes a url alone", () =>
    withSchema(async (url) => {
      await using integration = createIntegration(url)
      await integration.subscribeMany(subscribers)
      await integration.start()
      const { id } = await integration.publishEvent(event("anywhere.alone"))
      await integration.settled(id)
      assert.include(seen, "anywhere.alone")
    }))

  it("works on PGlite, in memory and in a directory that is there the next time", async () => {
    await works({ pglite: true, subscribers }, "anywhere.embedded")
    const parent = await mkdtemp(join(tmpdir(), "promise-"))
    const pglite = { dataDir: join(parent, "data") }
    await works({ pglite, subscribers }, "anywhere.kept")
    await using integration = createIntegration({ pglite })
    assert.strictEqual((await integration.stats()).events.processed, 1)
    await integration.stop()
    await rm(parent, { recursive: true })
  }, 60_000)

  it("takes events by position", async () => {
    await using integration = createIntegration({ memory: true })
    const full = await integration.publishEvent("by.position", "tests", "Thing", "1", { n: 1 }, { by: "hand" })
    assert.deepStrictEqual(
      [full.name, full.aggregate, full.payload, full.metadata],
      ["by.position", { module: "tests", entityType: "Thing", entityId: "1" }, { n: 1 }, { by: "hand" }]
    )
    const behind = integration.publishEvent as (...given: ReadonlyArray<unknown>) => Promise<unknown>
    const client = { persistenceClient: {} }
    for (const given of [
      ["by.position", "tests", "Thing", "1", {}, {}, client],
      [event("by.object"), client]
    ]) {
      const refused = await behind(...given).then(String, (error: Error) => error.message)
      assert.match(refused, /^publishEvent was refused, and nothing was done\. .*another client's transaction/)
    }
    const bare = await integration.publishEvent("by.position", "tests", "Thing", "1")
    assert.deepStrictEqual([bare.payload, bare.metadata], [{}, {}])
  })

  it("works without a database", () => works({ memory: true, subscribers }, "anywhere.memory"))

  it("pauses, resumes and retires consumers", async () => {
    await using integration = createIntegration({ memory: true, subscribers })
    await integration.start()
    await integration.pause("anywhere")
    const { id } = await integration.publishEvent(event("anywhere.paused"))
    const paused = await integration.settled(id, { timeout: "50 millis" }).catch((error: Error) => error.message)
    assert.match(String(paused), /anywhere: paused since/)
    assert.isNotNull((await integration.consumers())[0]?.pausedAt)
    await integration.resume("anywhere")
    await integration.settled(id, { timeout: "5 seconds" })
    assert.isEmpty(await integration.unserved())
    const refused = await integration.retire("anywhere").catch((error: Error) => error.name)
    assert.strictEqual(refused, "ConsumerStillServed")
  })
})

describe("what is wrong is said", () => {
  const thrown = (make: () => unknown): string => {
    try {
      make()
    } catch (error) {
      assert.instanceOf(error, Error)
      return (error as Error).message
    }
    return "nothing was thrown"
  }

  const defined = (options: object) => () => DomainEvent.define("x.y", options as never)

  const rest = { sourceModule: "tests", aggregateType: "Thing", aggregateId: () => "1" }

  it.each([
    [
      "without a database",
      () => createIntegration({} as never),
      "Option database of createIntegration is object, expected { url }, { pool }, { pglite }, { memory: true } or { layer }."
    ],
    [
      "with two databases",
      () => createIntegration({ url: "postgres://x", memory: true } as never),
      "Option database of createIntegration is both url and memory, expected one of them."
    ],
    [
      "with an option beside a layer",
      () => createIntegration({ layer: IntegrationLive, settings: {} } as never),
      "Option settings of createIntegration is given beside a layer, expected in Integration.layer, of which the layer is made."
    ],
    [
      "with no memory",
      () => createIntegration({ memory: false } as never),
      "Option memory of createIntegration is false, expected true, or another database."
    ],
    [
      "with a url that is not set",
      () => createIntegration({ url: undefined as never }),
      "Option url of createIntegration is undefined, expected postgres://user:password@host/database: the variable it is from may not be set."
    ],
    [
      "with a layer that is none",
      () => createIntegration({ layer: {} as never }),
      "Option layer of createIntegration is object, expected a Layer with all services, as Layer.provide(IntegrationLive, …)."
    ],
    [
      "with subscribers that were not made",
      () => createIntegration({ memory: true, subscribers: [{ consumer: "a" } as never] }),
      "Option subscribers[0] of createIntegration is object, expected one that was made with subscriber(…) or Subscriber.make."
    ],
    [
      "an event without a payload",
      defined(rest),
      'Option payload of event "x.y" is undefined, expected a Schema of effect; Schema.Struct({}) for an event that says nothing but that it happened.'
    ],
    [
      "an event with a payload that is no schema",
      defined({ ...rest, payload: { parse: () => 1 } }),
      'Option payload of event "x.y" is object, expected a Schema of effect, one of zod, valibot or arktype (Standard Schema), or DomainEvent.versions.'
    ],
    [
      "an event with an option that is misspelt",
      defined({ ...rest, depreciated: "x" }),
      'Defining event "x.y": option depreciated is not supported by this version'
    ]
  ] as const)("%s", (_, make, expected) => {
    assert.include(thrown(make), expected)
  })

  it("of a layer without a database when it is built", async () => {
    const integration = createIntegration({ layer: IntegrationLive as never })
    const error = await integration.start().catch((error: Error) => error)
    assert.include(
      String(error),
      "Option layer of createIntegration is one without a database, expected Layer.provide(IntegrationLive, PgClient.layer({ url })), or { url }."
    )
  })

  it("of subscribers when they are served, whatever is missing", async () => {
    const made = [
      { consumerName: "a", eventName: "b", handler: () => undefined },
      { consumer: "a", event: "b" }
    ].map((options) => subscriber(options as never))
    const messages = made.map(async (each) => {
      await using integration = createIntegration({ memory: true, subscribers: [each] })
      return await integration.start().then(String, (error: Error) => error.message)
    })
    assert.deepStrictEqual(await Promise.all(messages), [
      "Option consumer of a subscriber is undefined, expected a Consumer, or its name. Given: consumerName, eventName, handler. Did you mean consumer and event?",
      'Option handler of the subscriber of consumer "a" for "b" is undefined, expected a function from the event to an Effect. Given: consumer, event.'
    ])
  })

  it("of events and links that are given as in other libraries", async () => {
    await using integration = createIntegration({ memory: true })
    const messages = [
      integration.publish("x.y" as never, {} as never),
      integration.publishEvent("x.y" as never),
      integration.publishEvents({} as never),
      integration.createLink({ sourceModule: "a", linkType: "cascade" } as never)
    ].map((promise) => promise.then(String, (error: Error) => error.message))
    assert.deepStrictEqual(await Promise.all(messages), [
      'Option definition of Publisher.publish is "x.y", expected one of DomainEvent.define; without one: publishEvent({ eventName, sourceModule, aggregateType, aggregateId, payload }).',
      'Option event of publishEvent is "x.y", expected one object: { eventName, sourceModule, aggregateType, aggregateId, payload }.',
      "Option events of Publisher.publishEvents is object, expected a list.",
      "Invalid source of a link: is undefined, not { module, entityType, entityId }. Nothing was written."
    ])
  })

  it("of a layer whose client has a plain text for its url", async () => {
    const layer = Layer.provide(
      IntegrationLive,
      PgClient.layer({ url: "postgres://app:secret@localhost/shop" as never })
    )
    const error = await createIntegration({ layer })
      .start()
      .then(String, (error: Error) => error.message)
    assert.strictEqual(
      error,
      "Option url or password of PgClient.layer is a plain string, or Redacted of another copy of effect, expected Redacted.make(url)."
    )
  })
})
