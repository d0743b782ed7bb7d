/** The promise facade: async code on every store, without a line of Effect. */
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { assert, describe, it } from "vitest"
import { Consumer, DomainEvent, Errors, Integration } from "../../src/index.ts"
import { createIntegration, subscriber } from "../../src/promise/PromiseApi.ts"
import { databases, runtimes } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const InvoiceCreated = DomainEvent.define("promise.invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.id,
  payload: Schema.Struct({ id: Schema.String, amount: Schema.Number })
})

const task = { module: "operations", entityType: "Task", entityId: "t" }

const settings = { ...unpolled, retryBaseDelayMs: 100 }

const rejection = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    assert.instanceOf(error, Error)
    return error as Error
  }
  throw new Error("it did not reject")
}

const untyped = (eventName: string, more: Record<string, unknown> = {}) => ({
  eventName,
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: "1",
  payload: {},
  ...more
})

describe.each(runtimes)("on $name", ({ layer }) => {
  it("publishes, delivers, links, counts and stops", async () => {
    const seen: Array<string> = []
    const integration = createIntegration({
      layer: layer({ settings }),
      subscribers: [
        subscriber({
          consumer: "promise.tasks",
          mode: "transactional",
          event: InvoiceCreated,
          handler: async (event, context) => {
            seen.push(`${event.payload.id}: ${event.payload.amount} (attempt ${event.attempt})`)
            assert.instanceOf(event.timestamp, Date)
            if (event.attempt === 1) throw new Error("not yet")
            await context.links.create({
              source: event.aggregate,
              target: task,
              linkType: "cascade"
            })
            await context.publish(InvoiceCreated, { id: "second", amount: 0 }, { delay: "1 hour" })
          }
        })
      ]
    })
    await integration.subscribe({
      consumer: Consumer.make("promise.audit", { mode: "transactional" }),
      event: "promise.*",
      handler: (event) => {
        seen.push(event.name)
      }
    })
    await integration.start()
    assert.strictEqual(integration.start(), integration.start())
    const event = await integration.publish(InvoiceCreated, { id: "first", amount: 5 })
    const deliveries = await integration.settled(event.id)
    // What a request is answered with.
    const answer = JSON.parse(JSON.stringify({ event, deliveries, letters: await integration.deadLetters.list() }))
    assert.strictEqual(answer.event.position, String(event.position))
    assert.instanceOf(event.timestamp, Date)
    assert.strictEqual(answer.event.timestamp, event.timestamp.toJSON())
    assert.strictEqual(answer.deliveries[0].position, String(event.position))
    assert.deepStrictEqual(answer.letters, { deadLetters: [] })
    assert.deepStrictEqual(
      deliveries.map((delivery) => [delivery.consumer, delivery.status, delivery.attemptCount]),
      [
        ["promise.audit", "processed", 1],
        ["promise.tasks", "processed", 2]
      ]
    )
    assert.include(seen, "first: 5 (attempt 2)")
    const links = await integration.findLinksBySource(event.aggregate)
    assert.lengthOf(links, 1)
    assert.deepStrictEqual(await integration.findLinksByTarget(task), links)
    assert.deepStrictEqual(await integration.findLinksByType("cascade"), links)
    const created = await integration.createLink({
      source: event.aggregate,
      target: { module: "crm", entityType: "Customer", entityId: "c" },
      linkType: "reference"
    })
    assert.lengthOf(await integration.findLinksBySource(event.aggregate), 2)
    assert.strictEqual(created.linkType, "reference")
    // A subscriber that comes later gets what comes later.
    const late: Array<string> = []
    await integration.subscribeMany([
      subscriber({
        consumer: "promise.late",
        mode: "transactional",
        event: "late.*",
        handler: async ({ name }) => late.push(name)
      })
    ])
    const [one] = await integration.publishEvents([untyped("late.one"), untyped("late.two")])
    const two = await integration.publishEvent(untyped("late.three"))
    await integration.settled(one?.id ?? "")
    await integration.settled(two.id)
    assert.includeMembers(late, ["late.one", "late.three"])
    const stats = await integration.stats()
    assert.strictEqual(stats.deliveries["promise.tasks"]?.processed, 1)
    assert.strictEqual(stats.handlerCount, 3)
    await integration.stop()
    await integration.stop()
    assert.strictEqual((await rejection(integration.publishEvent(untyped("late.four")))).name, "IntegrationStopped")
    assert.instanceOf(await rejection(integration.start()), Errors.IntegrationStopped)
  })

  it("a transaction publishes if and only if it resolves", async () => {
    await using integration = createIntegration({ layer: layer({ settings }) })
    const failure = await rejection(
      integration.transaction(async (context) => {
        await context.publishEvent(untyped("promise.lost", { dedupeKey: "k" }))
        throw new RangeError("changed my mind")
      })
    )
    assert.instanceOf(failure, RangeError)
    const stored = await integration.transaction((context) =>
      context.publishEvent(untyped("promise.kept", { dedupeKey: "k" }))
    )
    assert.isFalse(stored.isDuplicate)
    assert.deepInclude((await integration.stats()).events, { processed: 1, pending: 0 })
  })

  it("rejects with the errors of the Effect form, as real errors", async () => {
    await using integration = createIntegration({ layer: layer({ settings }) })
    const invalid = await rejection(integration.publishEvent(untyped("")))
    assert.instanceOf(invalid, Errors.InvalidIdentifier)
    assert.strictEqual(invalid.name, "InvalidIdentifier")
    assert.strictEqual(invalid.message, "Invalid event name: is empty. Nothing was written.")
    const encoding = await rejection(integration.publish(InvoiceCreated, { id: "x", amount: "1" as unknown as number }))
    assert.instanceOf(encoding, Errors.EventEncodingError)
    assert.include(encoding.message, "at payload.amount")
    assert.instanceOf(await rejection(integration.settled("nothing")), Errors.EventNotFound)
  })

  it("a promise handler is leased unless it says otherwise: what it publishes is written when it has succeeded", async () => {
    await using integration = createIntegration({ layer: layer({ settings }) })
    const seen: Array<string> = []
    await integration.subscribe({
      consumer: "promise.leased",
      event: InvoiceCreated,
      handler: async (event, context) => {
        seen.push(`${event.deliveryId} ${event.attempt}`)
        await context.publish(InvoiceCreated, { id: `after-${event.attempt}`, amount: 0 }, { delay: "1 hour" })
        if (event.attempt === 1) throw new Error("not yet")
      }
    })
    await integration.start()
    const event = await integration.publish(InvoiceCreated, { id: "first", amount: 5 })
    const [delivery] = await integration.settled(event.id)
    assert.deepInclude(delivery, { status: "processed", attemptCount: 2 })
    assert.deepStrictEqual(seen, [`${delivery?.deliveryId} 1`, `${delivery?.deliveryId} 2`])
    assert.strictEqual((await integration.stats()).total, 2)
  })

  it("lists dead letters, requeues them, and discards them", async () => {
    await using integration = createIntegration({ layer: layer({ settings: { ...settings, maxAttempts: 1 } }) })
    let isBroken = true
    await integration.subscribe({
      consumer: "promise.dead",
      event: InvoiceCreated,
      handler: async () => {
        if (isBroken) throw new Error("no")
      }
    })
    await integration.start()
    const ids = ["a", "b"]
    for (const id of ids) await integration.settled((await integration.publish(InvoiceCreated, { id, amount: 1 })).id)
    const { deadLetters } = await integration.deadLetters.list({ consumer: "promise.dead" })
    assert.lengthOf(deadLetters, 2)
    isBroken = false
    const [last, first] = deadLetters
    const { payload } = await integration.deadLetters.inspect(last?.deliveryId ?? "")
    assert.deepStrictEqual(payload, { id: "b", amount: 1 })
    assert.isTrue(await integration.deadLetters.requeue(last?.deliveryId ?? ""))
    assert.strictEqual(await integration.deadLetters.discardAll({ deliveryIds: [first?.deliveryId ?? ""] }), 1)
    const [delivery] = await integration.settled(last?.eventId ?? "")
    assert.strictEqual(delivery?.status, "processed")
  })

  it("a start that failed can be tried again", async () => {
    let tries = 0
    const flaky = Layer.effectDiscard(
      Effect.suspend(() => (tries++ === 0 ? Effect.fail(new Error("no database yet")) : Effect.void))
    )
    const log: Array<string> = []
    await using integration = createIntegration({
      layer: Layer.provideMerge(layer({ settings }), flaky),
      subscribers: [
        subscriber({
          consumer: "retried",
          mode: "transactional",
          event: "retried.*",
          handler: ({ name }) => log.push(name)
        })
      ]
    })
    assert.strictEqual((await rejection(integration.start())).message, "no database yet")
    await integration.start()
    await integration.settled((await integration.publishEvent(untyped("retried.once"))).id)
    assert.deepStrictEqual(log, ["retried.once"])
  })
})

describe.each(databases)("sql on $name", ({ layer: database }) => {
  it("what a handler and a transaction write through their context commits with them, once", async () => {
    const table = Layer.effectDiscard(
      SqlClient.SqlClient.use((sql) => sql`CREATE TABLE IF NOT EXISTS promised (id text PRIMARY KEY, amount float8)`)
    )
    const live = Integration.layer({ settings }).pipe(Layer.provideMerge(table), Layer.provide(database))
    await using integration = createIntegration({ layer: live })
    await integration.subscribe({
      consumer: "promise.sql",
      mode: "transactional",
      event: InvoiceCreated,
      handler: async (event, { sql }) => {
        await sql`INSERT INTO promised (id, amount) VALUES (${event.payload.id}, ${event.payload.amount})`
        if (event.attempt === 1) throw new Error("after the insert")
      }
    })
    await integration.start()
    const event = await integration.transaction(async (context) => {
      await context.sql.query("INSERT INTO promised (id, amount) VALUES ($1, $2)", ["outer", 1])
      return context.publish(InvoiceCreated, { id: "inner", amount: 2.5 })
    })
    await integration.settled(event.id)
    const failure = await rejection(
      integration.transaction(async ({ sql }) => {
        await sql`INSERT INTO promised (id, amount) VALUES (${"lost"}, ${3})`
        await sql`INSERT INTO promised (id, amount) VALUES (${"inner"}, ${3})`
      })
    )
    assert.instanceOf(failure, Errors.StoreError)
    assert.include(failure.message, "duplicate key value")
    const rows = await integration.transaction(
      ({ sql }) => sql<{ id: string; amount: number }>`
      SELECT id, amount FROM promised WHERE id = ANY (${["inner", "outer", "lost"]}::text[]) ORDER BY id`
    )
    assert.deepStrictEqual(rows, [
      { id: "inner", amount: 2.5 },
      { id: "outer", amount: 1 }
    ])
  })
})

it("in memory there is no SQL, which the error says", async () => {
  await using integration = createIntegration({ layer: Integration.layerMemory() })
  const failure = await rejection(integration.transaction(({ sql }) => sql`SELECT 1`))
  assert.strictEqual(
    failure.message,
    "There is no SQL in memory. Test code that uses sql on PgLite.layerMemory, or keep its state behind a service with an in-memory form."
  )
})
