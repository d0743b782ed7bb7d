/** Payloads in several versions: what handlers get of earlier ones, what becomes of later ones, and what is refused. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Effect, Exit, Layer, Schema, Scope } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DeadLetters,
  DomainEvent,
  InboxStore,
  Integration,
  Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { clientFor, runtimes, uniqueSchema, withSchema } from "../support/databases.ts"
import { serve, unpolled, until } from "../support/scenario.ts"

const quickPolls = { settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 100 } }

const V1 = Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
const V2 = Schema.Struct({ ...V1.fields, currency: Schema.Literals(["EUR", "USD"]) })
const V3 = Schema.Struct({
  invoiceId: Schema.String,
  total: Schema.Struct({ cents: Schema.Int, currency: Schema.Literals(["EUR", "USD"]) })
})

const second = DomainEvent.versions(V1)
  .next(V2)
  .from((one) => ({ ...one, currency: "EUR" }))

const third = second.next(V3).from(({ amount, currency, invoiceId }) => {
  if (amount < 0) throw new Error("no negative amounts")
  return { invoiceId, total: { cents: amount * 100, currency } }
})

const definitionsOf = (name: string) => {
  const of = {
    sourceModule: "finance",
    aggregateType: "Invoice",
    aggregateId: (_: { invoiceId: string }) => _.invoiceId
  }
  return {
    of,
    one: DomainEvent.define(name, { ...of, payload: V1 }),
    two: DomainEvent.define(name, { ...of, payload: second }),
    three: DomainEvent.define(name, { ...of, payload: third }),
    untyped: { eventName: name, sourceModule: "finance", aggregateType: "Invoice", aggregateId: "1" }
  }
}

const seenBy = (log: Array<unknown>, consumer: Consumer.Consumer | string, event: DomainEvent.Definition.Any) =>
  Subscriber.make({
    consumer,
    event,
    handler: ({ payload, schemaVersion }) => Effect.sync(() => log.push([schemaVersion, payload]))
  })

const settled = (event: { readonly id: string }) =>
  Effect.map(
    Processor.use((processor) => processor.settled(event.id)),
    ([delivery]) => delivery
  )

const once = (name: string, options: Consumer.Options = {}) => Consumer.make(name, { maxAttempts: 1, ...options })

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  withLayer(runtime({ settings: unpolled }), { excludeTestServices: true, timeout: "60 seconds" })("versions", (it) => {
    it.effect("handlers get the latest, whatever an event was published with; batch handlers too", () =>
      Effect.gen(function* () {
        const { one, three, two } = definitionsOf("invoice.created")
        const [seen, batched]: [Array<unknown>, Array<unknown>] = [[], []]
        yield* serve(
          seenBy(seen, "latest", three),
          Subscriber.batch({
            consumer: "latest-batch",
            event: three,
            handler: (events) =>
              Effect.sync(() => {
                batched.push(...events.map(({ payload }) => payload))
                return events.map(Subscriber.processed)
              })
          })
        )
        const latest = { invoiceId: "1", total: { cents: 300, currency: "USD" as const } }
        const events = [
          yield* Publisher.publish(one, { invoiceId: "1", amount: 1 }),
          yield* Publisher.publish(two, { invoiceId: "1", amount: 2, currency: "USD" }),
          yield* Publisher.publish(three, latest)
        ]
        for (const event of events) yield* settled(event)
        yield* Processor.use((processor) => processor.drain)
        const payloads = [
          { invoiceId: "1", total: { cents: 100, currency: "EUR" } },
          { invoiceId: "1", total: { cents: 200, currency: "USD" } },
          latest
        ]
        assert.deepStrictEqual(
          seen,
          payloads.map((payload, index) => [index + 1, payload])
        )
        assert.deepStrictEqual(batched, payloads)
      })
    )

    it.effect("what cannot be brought forward is a dead letter, alone, that says version, step and path", () =>
      Effect.gen(function* () {
        const { three, untyped } = definitionsOf("invoice.broken")
        const seen: Array<unknown> = []
        yield* serve(seenBy(seen, once("broken"), three))
        const publish = (schemaVersion: number, payload: Schema.Json) =>
          Publisher.use((publisher) => publisher.publishEvent({ ...untyped, schemaVersion, payload }))
        const errorOf = Effect.fnUntraced(function* (schemaVersion: number, payload: Schema.Json) {
          const event = yield* publish(schemaVersion, payload)
          const delivery = yield* settled(event)
          return [delivery?.status, delivery?.errorTag, delivery?.lastError?.replace(event.id, "ID")]
        })
        const dead = (text: string, tag = "EventDecodingError") => ["dead_letter", tag, text]
        assert.deepStrictEqual(
          yield* errorOf(1, { invoiceId: 1, amount: 1 }),
          dead(
            'Payload of event "invoice.broken" (ID) was stored in version 1 and cannot be read, as version 1:\n  at invoiceId: Expected string'
          )
        )
        assert.deepStrictEqual(
          yield* errorOf(1, { invoiceId: "1", amount: -1 }),
          dead(
            'Payload of event "invoice.broken" (ID) was stored in version 1 and cannot be read, from version 2 to 3:\n  at (root): Error: no negative amounts'
          )
        )
        assert.deepStrictEqual(
          yield* errorOf(2, { invoiceId: "1", amount: 0.001, currency: "EUR" }),
          dead(
            'Payload of event "invoice.broken" (ID) was stored in version 2 and cannot be read, as version 3:\n  at total.cents: Expected an integer'
          )
        )
        assert.deepStrictEqual(seen, [])
        yield* settled(yield* publish(1, { invoiceId: "1", amount: 1 }))
        assert.lengthOf(seen, 1)
      })
    )

    it.effect("a version that is read no more is a dead letter of its own class", () =>
      Effect.gen(function* () {
        const { of, one, untyped } = definitionsOf("invoice.old")
        const payload = DomainEvent.versions(V2, { number: 2 })
          .next(V3)
          .from(({ currency, invoiceId }) => ({ invoiceId, total: { cents: 0, currency } }))
        const late = DomainEvent.define(untyped.eventName, { ...of, payload, version: 3 })
        yield* serve(seenBy([], once("old"), late))
        const event = yield* Publisher.publish(one, { invoiceId: "1", amount: 1 })
        assert.deepInclude(yield* settled(event), {
          errorTag: "VersionRetired",
          lastError: `Payload of event "invoice.old" (${event.id}) was stored in version 1; its definition reads versions from 2 on. Requeue the dead letter where earlier ones are read, or discard it.`
        })
        const { deadLetters } = yield* DeadLetters.use((letters) =>
          letters.list({ consumer: "old", isUndecodable: true })
        )
        assert.deepStrictEqual(
          deadLetters.map(({ eventId }) => eventId),
          [event.id]
        )
      })
    )

    it.effect("a version that is not known here waits, in its place, for a process that knows it", () =>
      Effect.gen(function* () {
        const { one, two } = definitionsOf("invoice.later")
        const [inbox, processor] = [yield* InboxStore, yield* Processor]
        for (const ordering of ["none", "aggregate"] as const) {
          const consumer = once(`later-${ordering}`, { ordering })
          const seen: Array<unknown> = []
          const payloadOf = (amount: number) => ({ invoiceId: ordering, amount })
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* serve(seenBy(seen, consumer, one))
              yield* Publisher.publish(one, payloadOf(1))
              yield* Publisher.publish(two, { ...payloadOf(2), currency: "USD" })
              yield* Publisher.publish(one, payloadOf(3))
              yield* processor.drain
              // In order, what comes after it waits too.
              const first = ordering === "none" ? [1, 3] : [1]
              assert.deepStrictEqual(
                seen,
                first.map((amount) => [1, payloadOf(amount)])
              )
              const waiting = (yield* processor.unserved).filter((each) => each.consumer === consumer.name)
              assert.deepStrictEqual(
                waiting.map(({ event, open, version }) => ({ event, open, version })),
                [{ event: one.name, open: 1, version: 2 }]
              )
              assert.strictEqual(
                yield* inbox.nextDue({
                  consumer: consumer.name,
                  interest: { names: [one.name], patterns: [], versions: { [one.name]: 1 } }
                }),
                undefined
              )
            })
          )
          seen.length = 0
          yield* serve(seenBy(seen, consumer, two))
          yield* processor.drain
          const rest = ordering === "none" ? [2] : [2, 3]
          assert.deepStrictEqual(
            seen,
            rest.map((amount) => [
              amount === 2 ? 2 : 1,
              { ...payloadOf(amount), currency: amount === 2 ? "USD" : "EUR" }
            ])
          )
          assert.isEmpty((yield* processor.unserved).filter((each) => each.consumer === consumer.name))
        }
      })
    )

    it.effect("a payload that a dead letter is requeued with is read as one of its event's version", () =>
      Effect.gen(function* () {
        const { three, untyped } = definitionsOf("invoice.edited")
        const seen: Array<unknown> = []
        yield* serve(seenBy(seen, once("edited"), three))
        const event = yield* Publisher.use((publisher) =>
          publisher.publishEvent({ ...untyped, schemaVersion: 1, payload: { invoiceId: "1", amount: "much" } })
        )
        const { deliveryId = "" } = (yield* settled(event)) ?? {}
        const letters = yield* DeadLetters
        const refused = yield* Effect.flip(
          letters.requeue(deliveryId, { payload: { invoiceId: "1", total: { cents: 1, currency: "EUR" } } })
        )
        assert.strictEqual(refused._tag, "EventDecodingError")
        assert.isTrue(yield* letters.requeue(deliveryId, { payload: { invoiceId: "1", amount: 1 } }))
        yield* until(settled(event), (delivery) => delivery?.status === "processed")
        assert.deepStrictEqual(seen, [[1, { invoiceId: "1", total: { cents: 100, currency: "EUR" } }]])
      })
    )

    it.effect("numbers that contradict each other are refused, by publishing and by registering", () =>
      Effect.gen(function* () {
        const { of, one } = definitionsOf("invoice.numbers")
        const contradicting = DomainEvent.define(one.name, { ...of, payload: second, version: 3 })
        const none = DomainEvent.define(one.name, {
          ...of,
          version: 0,
          payload: DomainEvent.versions(V1, { number: 0 })
        })
        const text = 'InvalidOption: version of event "invoice.numbers" is 3'
        const published = yield* Effect.flip(
          Publisher.publish(contradicting, { invoiceId: "1", amount: 1, currency: "EUR" })
        )
        assert.include(String(published.message), text.slice(15))
        assert.strictEqual((yield* Effect.flip(serve(seenBy([], "numbers", contradicting))))._tag, "InvalidOption")
        assert.strictEqual((yield* Effect.flip(serve(seenBy([], "numbers", none))))._tag, "InvalidOption")
        // As JavaScript may.
        const missing = undefined as unknown as (one: typeof V1.Type) => typeof V2.Type
        const gap = DomainEvent.define(one.name, { ...of, payload: DomainEvent.versions(V1).next(V2).from(missing) })
        const refused = yield* Effect.flip(serve(seenBy([], "numbers", gap)))
        assert.include(String(refused), 'from of version 2 of event "invoice.numbers"')
      })
    )
  })
})

it.live(
  "two processes, one of each version, publish and consume both through a deploy: nothing is lost, order is kept",
  () => {
    const schema = uniqueSchema()
    const database = clientFor(schema)
    const { one, two } = definitionsOf("invoice.deployed")
    const consumers = [once("deployed"), once("deployed-in-order", { ordering: "aggregate" })]
    /** A process of its own, as far as the engine can tell. */
    const start = (...subscribers: ReadonlyArray<Subscriber.Subscriber<Transactor>>) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const live = Subscriber.layer(...subscribers).pipe(Layer.provideMerge(Integration.layer(quickPolls)))
        const context = yield* Layer.buildWithScope(Layer.provide(live, database), scope)
        return { context, stop: Scope.close(scope, Exit.void) }
      })
    const handled: Array<{
      readonly by: number
      readonly consumer: string
      readonly amount: number
      readonly invoice: string
    }> = []
    const handling = (by: number, event: DomainEvent.Definition.Any) =>
      consumers.map((consumer) =>
        Subscriber.make({
          consumer,
          event,
          handler: Effect.fnUntraced(function* ({ payload: { amount, invoiceId: invoice } }) {
            yield* Transactor.use((transactor) =>
              transactor.afterCommit(Effect.sync(() => handled.push({ by, consumer: consumer.name, amount, invoice })))
            )
          })
        })
      )
    return Effect.gen(function* () {
      const old = yield* start(...handling(1, one))
      const recent = yield* start(...handling(2, two))
      let amount = 0
      const publish = (version: 1 | 2) => {
        amount++
        const payload = { invoiceId: String(amount % 3), amount }
        return version === 1
          ? Effect.provide(Publisher.publish(one, payload), old.context)
          : Effect.provide(Publisher.publish(two, { ...payload, currency: "USD" }), recent.context)
      }
      for (let n = 0; n < 30; n++) yield* publish(n % 2 === 0 ? 1 : 2)
      yield* old.stop
      for (let n = 0; n < 10; n++) yield* publish(2)
      yield* until(
        Effect.sync(() => handled.length),
        (length) => length >= 80
      )
      const rows = yield* Effect.provide(SqlClient.SqlClient, recent.context).pipe(
        Effect.flatMap(
          (sql) => sql<{ status: string; n: number }>`SELECT status, count(*)::int AS n FROM inbox_event GROUP BY 1`
        )
      )
      assert.deepStrictEqual(rows, [{ status: "processed", n: 80 }])
      const all = Array.from({ length: 40 }, (_, index) => index + 1)
      for (const { name } of consumers) {
        const own = handled.filter(({ consumer }) => consumer === name)
        assert.deepStrictEqual(
          own.map(({ amount }) => amount).toSorted((a, b) => a - b),
          all
        )
        // The one that knows version 1 was given nothing else.
        assert.isTrue(own.every(({ amount, by }) => by === 2 || (amount <= 30 && amount % 2 === 1)))
      }
      const inOrder = handled.filter(({ consumer }) => consumer === "deployed-in-order")
      for (const invoice of ["0", "1", "2"]) {
        const amounts = inOrder.filter((each) => each.invoice === invoice).map(({ amount }) => amount)
        assert.deepStrictEqual(
          amounts,
          amounts.toSorted((a, b) => a - b)
        )
      }
      yield* recent.stop
    }).pipe(Effect.scoped, Effect.provide(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema)))))
  }
)
