/** Payloads by schemas of zod, valibot and arktype: published, stored, handled, refused, and known as contracts. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { type } from "arktype"
import { Effect, Queue } from "effect"
import * as v from "valibot"
import { z } from "zod"
import { Contracts, DomainEvent, Errors, OutboxStore, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { serve, unpolled } from "../support/scenario.ts"

const of = { sourceModule: "finance", aggregateType: "Invoice" } as const

const invoices = {
  zod: DomainEvent.define("invoice.zod", {
    ...of,
    aggregateId: ({ id }) => id,
    payload: z.object({ id: z.string(), amount: z.number().positive() })
  }),
  valibot: DomainEvent.define("invoice.valibot", {
    ...of,
    aggregateId: ({ id }) => id,
    payload: v.object({ id: v.string(), amount: v.pipe(v.number(), v.minValue(1)) })
  }),
  arktype: DomainEvent.define("invoice.arktype", {
    ...of,
    aggregateId: ({ id }) => id,
    payload: type({ id: "string", amount: "number > 0", "+": "delete" })
  })
}

/** Dates are texts in JSON; `coerce` reads them back. */
const Dated = DomainEvent.define("invoice.dated", {
  ...of,
  aggregateId: ({ id }) => id,
  payload: z.object({ id: z.string(), due: z.coerce.date(), note: z.string().default("none") })
})

const encoding = <A>(effect: Effect.Effect<A, unknown, Publisher>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, Errors.EventEncodingError)
    return error.issues
  })

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  withLayer(runtime({ settings: unpolled }), { excludeTestServices: true, timeout: "60 seconds" })("payloads", (it) => {
    it.effect.each(Object.entries(invoices))(
      "of %s are stored without what is not theirs, and handled",
      ([, Invoice]) =>
        Effect.gen(function* () {
          const handled = yield* Queue.unbounded<unknown>()
          yield* serve(
            Subscriber.make({
              consumer: `standard-${Invoice.name}`,
              event: Invoice,
              handler: (event) => Queue.offer(handled, event.payload)
            })
          )
          const given = { id: "1", amount: 10, secret: true }
          const { aggregate, id } = yield* Publisher.publish(Invoice, given)
          yield* Processor.use((processor) => processor.settled(id))
          assert.strictEqual(aggregate.entityId, "1")
          assert.deepStrictEqual(yield* Queue.take(handled), { id: "1", amount: 10 })
          const row = yield* OutboxStore.use((outbox) => outbox.findById(id))
          assert.deepStrictEqual(row?.payload, { id: "1", amount: 10 })
          const issues = yield* encoding(Publisher.publish(Invoice, { id: "1", amount: -1 }))
          assert.strictEqual(issues[0]?.path, "payload.amount")
        })
    )

    it.effect("dates and defaults reach the handler as the schema makes them", () =>
      Effect.gen(function* () {
        const handled = yield* Queue.unbounded<unknown>()
        yield* serve(
          Subscriber.make({
            consumer: "standard-dated",
            event: Dated,
            handler: (event) => Queue.offer(handled, event.payload)
          })
        )
        const payload = { id: "1", due: new Date("2026-01-02T03:04:05.006Z"), note: "x" }
        const { id } = yield* Publisher.publish(Dated, payload)
        yield* Processor.use((processor) => processor.settled(id))
        assert.deepStrictEqual(yield* Queue.take(handled), payload)
        // By other means, without what has a default.
        yield* Publisher.publishEvent({
          eventName: Dated.name,
          ...of,
          aggregateId: "2",
          payload: { id: "2", due: "2026-01-02" }
        })
        assert.deepStrictEqual(yield* Queue.take(handled), { id: "2", due: new Date("2026-01-02"), note: "none" })
      })
    )

    it.effect("what a schema changes is changed for the aggregate, and for who published it, too", () =>
      Effect.gen(function* () {
        const Trimmed = DomainEvent.define("invoice.trimmed", {
          ...of,
          aggregateId: ({ id }) => id,
          payload: z.object({ id: z.string().trim().toLowerCase(), note: z.string().default("none") })
        })
        const stored = yield* Publisher.publish(Trimmed, { id: " Inv-1 " } as never)
        assert.strictEqual(stored.aggregate.entityId, "inv-1")
        assert.deepStrictEqual(stored.payload, { id: "inv-1", note: "none" })
      })
    )

    it.effect("what was stored otherwise is a dead letter that says where it does not fit", () =>
      Effect.gen(function* () {
        const Unfit = DomainEvent.define("invoice.unfit", {
          ...of,
          aggregateId: ({ id }) => id,
          payload: v.object({ id: v.string(), amount: v.number() })
        })
        yield* serve(Subscriber.make({ consumer: "standard-unfit", event: Unfit, handler: () => Effect.void }))
        const { id } = yield* Publisher.publishEvent({
          eventName: Unfit.name,
          ...of,
          aggregateId: "1",
          payload: { id: "1", amount: "many" }
        })
        const [own] = yield* Processor.use((processor) => processor.settled(id))
        assert.strictEqual(own?.status, "dead_letter")
        assert.match(own?.lastError ?? "", /amount: Invalid type: Expected number but received "many"/)
      })
    )

    it.effect("versions may be of several makers", () =>
      Effect.gen(function* () {
        const First = DomainEvent.define("invoice.versions", {
          ...of,
          aggregateId: ({ id }) => id,
          payload: v.object({ id: v.string() })
        })
        const Second = DomainEvent.define("invoice.versions", {
          ...of,
          aggregateId: ({ id }) => id,
          payload: DomainEvent.versions(v.object({ id: v.string() }))
            .next(z.object({ id: z.string(), amount: z.number().positive() }))
            .from(({ id }) => ({ id, amount: id === "bad" ? -1 : 1 }))
        })
        const handled = yield* Queue.unbounded<unknown>()
        yield* serve(
          Subscriber.make({
            consumer: "standard-versions",
            event: Second,
            handler: (event) => Queue.offer(handled, event.payload)
          })
        )
        yield* Publisher.publish(First, { id: "1" })
        assert.deepStrictEqual(yield* Queue.take(handled), { id: "1", amount: 1 })
        const { id } = yield* Publisher.publish(First, { id: "bad" })
        const [delivery] = yield* Processor.use((processor) => processor.settled(id))
        assert.strictEqual(delivery?.status, "dead_letter")
        assert.match(delivery?.lastError ?? "", /as version 2[\s\S]*amount/)
      })
    )
  })
})

describe("a schema that cannot write", () => {
  const publishing = <Payload>(schema: z.ZodType<Payload>, payload: Payload) =>
    encoding(Publisher.publish(DomainEvent.define("x", { ...of, aggregateId: () => "1", payload: schema }), payload))
  const memory = runtimes.find(({ name }) => name.includes("memory"))
  assert.isDefined(memory)

  withLayer(memory.layer({}), { excludeTestServices: true })("is told", (it) => {
    it.effect("of what it does not read back as it was written", () =>
      Effect.gen(function* () {
        const [issue] = yield* publishing(
          z.number().transform((n) => n + 1),
          1
        )
        assert.match(
          issue?.message ?? "",
          /^is not read back as it was written: the schema transforms what it has made already\./
        )
      })
    )

    it.effect("of what it does not read at all", () =>
      Effect.gen(function* () {
        const [issue] = yield* publishing(z.object({ n: z.string().transform((s) => s.length) }), { n: 3 })
        assert.deepStrictEqual(issue, { path: "payload.n", message: "Invalid input: expected string, received number" })
      })
    )

    it.effect("of what it reads as it was given, and not of JSON", () =>
      Effect.gen(function* () {
        const issues = yield* publishing(z.object({ at: z.date() }), { at: new Date() })
        assert.deepStrictEqual(issues, [
          { path: "payload.at", message: "Invalid input: expected date, received string" },
          {
            path: "payload",
            message:
              "the schema takes what was given, but not as JSON, which is what is stored: a date is a text there, for which zod has z.coerce.date()"
          }
        ])
      })
    )

    it.effect("of what has no form in JSON", () =>
      Effect.gen(function* () {
        const [issue] = yield* publishing(z.object({ at: z.any() }), { at: new Map() })
        assert.deepStrictEqual(issue, { path: "payload.at", message: "is not JSON: an instance of Map without toJSON" })
      })
    )

    it.effect("when its own code fails, and may take its time", () =>
      Effect.gen(function* () {
        const [thrown] = yield* publishing(
          z.string().refine(() => {
            throw new Error("no such table")
          }),
          "a"
        )
        assert.strictEqual(thrown?.message, "the schema failed: Error: no such table")
        const [slow] = yield* publishing(
          z.string().refine(async (text) => text !== "a", "is taken"),
          "a"
        )
        assert.strictEqual(slow?.message, "is taken")
      })
    )
  })
})

const propertiesOf = (contract: Contracts.Contract | undefined) =>
  Object.keys(Object(contract?.jsonSchema).properties ?? {}).toSorted()

describe("contracts", () => {
  it("are what a schema says of itself, or anything", () => {
    const [arktype, valibot, zod] = Contracts.of(Object.values(invoices))
    assert.deepStrictEqual(propertiesOf(zod), ["amount", "id"])
    assert.deepStrictEqual(propertiesOf(arktype), ["amount", "id"])
    assert.deepStrictEqual(valibot?.jsonSchema, {})
  })
})
