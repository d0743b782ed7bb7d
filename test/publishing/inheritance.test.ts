/** What is published takes over from where that happens, and from the event it follows from: the table of docs/lineage.md. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect, Fiber, Tracer } from "effect"
import {
  Consumer,
  DeadLetters,
  DomainEvent,
  Integration,
  Lineage,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber
} from "../../src/index.ts"
import { newEvent } from "../../src/testing/conformance/support.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, type Thing, unpolled } from "../support/scenario.ts"

const traceparent = (digit: string, flags = "01") => `00-${digit.repeat(32)}-${digit.repeat(16)}-${flags}`

/** What is stored of the events of a name, by `n`. */
const stored = (event: Thing) =>
  OutboxStore.use((outbox) =>
    Effect.map(outbox.findByName(event.name, 0n, 100), (rows) =>
      Object.fromEntries(
        rows.map(({ causationId, correlationId, metadata, payload, traceparent: trace }) => [
          (payload as { readonly n: number }).n,
          { causationId, correlationId, metadata, trace }
        ])
      )
    )
  )

const settled = (id: string) => Processor.use((processor) => processor.settled(id))

/** A tracer whose spans reach others: with ids that go on from the parent's. */
const exporting = Tracer.make({
  span: ({ annotations, kind, links, name, parent, sampled, startTime }) => ({
    _tag: "Span",
    ...{ annotations, kind, name, parent, sampled },
    links: [...links],
    spanId: "5".repeat(16),
    traceId: parent._tag === "Some" ? parent.value.traceId : "6".repeat(32),
    status: { _tag: "Started", startTime },
    attributes: new Map(),
    end: () => {},
    attribute: () => {},
    event: () => {},
    addLinks: () => {}
  })
})

const options = { settings: unpolled, inheritMetadata: ["tenantId", "__proto__"] }

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  withLayer(runtime(options), { excludeTestServices: true, timeout: "60 seconds" })("inheritance", (it) => {
    it.effect("outside of handlers events take over from where they are published, beside what they are given", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("inherit-outside")
        yield* Publisher.publish(Happened, { n: 1 })
        yield* Effect.gen(function* () {
          yield* Publisher.publish(Happened, { n: 2 })
          yield* Publisher.publish(Happened, { n: 3 }, { correlationId: "own", metadata: { a: 3 } })
          yield* Lineage.within({ correlationId: "inner", metadata: { c: true } })(
            Publisher.publish(Happened, { n: 4 })
          )
        }).pipe(Lineage.within({ correlationId: "request", traceparent: traceparent("1"), metadata: { a: 1, b: 1 } }))
        yield* Publisher.publish(Happened, { n: 5 })
        const nothing = { causationId: null, correlationId: null, metadata: null, trace: null }
        const [causationId, trace] = [null, traceparent("1")]
        assert.deepStrictEqual(yield* stored(Happened), {
          1: nothing,
          2: { causationId, correlationId: "request", metadata: { a: 1, b: 1 }, trace },
          3: { causationId, correlationId: "own", metadata: { a: 3, b: 1 }, trace },
          4: { causationId, correlationId: "inner", metadata: { a: 1, b: 1, c: true }, trace },
          5: nothing
        })
      })
    )

    it.effect("in a handler, transactional or leased, they take over from its event, and from no surroundings", () =>
      Effect.gen(function* () {
        for (const mode of ["transactional", "leased"] as const) {
          const { Followed, Happened } = eventsOf(`inherit-${mode}`)
          const Last = eventsOf(`inherit-last-${mode}`).Happened
          yield* serve(
            Subscriber.make({
              consumer: Consumer.make(`inherit-${mode}`, { mode }),
              event: Happened,
              handler: Effect.fnUntraced(function* (event) {
                assert.deepStrictEqual([event.traceparent, event.metadata.secret], [traceparent("2"), "s"])
                // Fibers of a handler are the handler.
                yield* Fiber.join(yield* Effect.forkChild(Publisher.publish(Followed, { n: 1 })))
                yield* Publisher.publish(
                  Followed,
                  { n: 2 },
                  { correlationId: "own", metadata: { tenantId: "mine", a: 1 } }
                )
                yield* Lineage.within({ correlationId: "inner", metadata: { step: 3 } })(
                  Publisher.publish(Followed, { n: 3 })
                )
              })
            }),
            Subscriber.make({
              consumer: `inherit-last-${mode}`,
              event: Followed,
              handler: ({ payload }) => Publisher.publish(Last, payload)
            })
          )
          const event = yield* Publisher.publish(
            Happened,
            { n: 0 },
            { correlationId: "first", metadata: { tenantId: "t", secret: "s" } }
          ).pipe(Lineage.within({ traceparent: traceparent("2") }))
          yield* settled(event.id).pipe(Lineage.within({ correlationId: "elsewhere", metadata: { leaked: true } }))
          const trace = traceparent("2")
          const followed = yield* stored(Followed)
          assert.deepStrictEqual(followed, {
            1: { causationId: event.id, correlationId: "first", metadata: { tenantId: "t" }, trace },
            2: { causationId: event.id, correlationId: "own", metadata: { tenantId: "mine", a: 1 }, trace },
            3: { causationId: event.id, correlationId: "inner", metadata: { tenantId: "t", step: 3 }, trace }
          })
          // What is inherited goes on to what follows from that.
          for (const { id } of yield* OutboxStore.use((outbox) => outbox.findByName(Followed.name, 0n, 10))) {
            yield* settled(id)
          }
          const last = yield* stored(Last)
          assert.deepStrictEqual(
            Object.values(last).map(({ correlationId, metadata }) => [correlationId, metadata]),
            [
              ["first", { tenantId: "t" }],
              ["own", { tenantId: "mine" }],
              ["inner", { tenantId: "t" }]
            ]
          )
        }
      })
    )

    it.effect("who drains lends nothing to the handlers that run for it", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("inherit-drained")
        yield* serve(
          Subscriber.make({
            consumer: "inherit-drained",
            event: Happened,
            handler: ({ payload }) => Publisher.publish(Followed, payload)
          })
        )
        // Nobody is woken by what is stored this way, so that the drain finds it.
        yield* OutboxStore.use((outbox) => outbox.append([newEvent(Happened.name, { payload: '{"n":1}' })]))
        yield* Processor.use((processor) => processor.drain).pipe(
          Lineage.within({ correlationId: "elsewhere", metadata: { leaked: true } })
        )
        const [{ correlationId, metadata } = assert.fail("nothing followed")] = Object.values(yield* stored(Followed))
        assert.notStrictEqual(correlationId, "elsewhere")
        assert.isNull(metadata)
      })
    )

    it.effect("in a batch handler they take over from the cause that they name: nothing gets from one to another", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("inherit-batch")
        yield* serve(
          Subscriber.batch({
            consumer: "inherit-batch",
            event: Happened,
            handler: Effect.fnUntraced(function* (events) {
              for (const event of events) yield* Publisher.publish(Followed, event.payload, { cause: event })
              yield* Publisher.publish(Followed, { n: -events.length })
              return events.map(Subscriber.processed)
            })
          })
        )
        const events = yield* Publisher.publishAll(
          [1, 2].map((n) =>
            DomainEvent.publication(Happened, { n }, { correlationId: `c${n}`, metadata: { tenantId: `t${n}` } })
          )
        ).pipe(Lineage.within({ metadata: { shared: true } }))
        for (const { id } of events) yield* settled(id)
        const { "1": one, "2": two, ...others } = yield* stored(Followed)
        assert.deepStrictEqual(
          [one, two],
          events.map(({ id }, index) => ({
            ...{ causationId: id, correlationId: `c${index + 1}`, metadata: { tenantId: `t${index + 1}` }, trace: null }
          }))
        )
        assert.isNotEmpty(Object.values(others))
        for (const other of Object.values(others)) {
          assert.deepStrictEqual(other, { causationId: null, correlationId: null, metadata: null, trace: null })
        }
      })
    )

    it.effect("the trace is that of the span around, if it reaches anybody, else that of a request", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("inherit-spans")
        const request = Tracer.externalSpan({ traceId: "7".repeat(32), spanId: "8".repeat(16), sampled: false })
        const publish = (n: number) => Publisher.publish(Happened, { n })
        yield* publish(1).pipe(Effect.withSpan("of effect's own tracer"))
        yield* publish(2).pipe(Effect.withSpan("request", { parent: request }))
        yield* publish(3).pipe(Effect.withSpan("job"), Effect.provideService(Tracer.Tracer, exporting))
        yield* publish(4).pipe(
          Effect.withSpan("job"),
          Lineage.within({ traceparent: traceparent("1") }),
          Effect.provideService(Tracer.Tracer, exporting)
        )
        yield* publish(5).pipe(
          Effect.withTracerEnabled(false),
          Effect.withSpan("job", { parent: request }),
          Effect.provideService(Tracer.Tracer, exporting)
        )
        // Where there is a tracer, a request goes on just so, if it is sampled.
        const ofRequest = (n: number, flags: string) =>
          publish(n).pipe(
            Lineage.within({ traceparent: traceparent("1", flags) }),
            Effect.provideService(Tracer.Tracer, exporting)
          )
        yield* ofRequest(6, "01")
        yield* ofRequest(7, "00")
        const traces = Object.values(yield* stored(Happened)).map(({ trace }) => trace)
        const [theirs, ours] = [
          `00-${"7".repeat(32)}-${"8".repeat(16)}-00`,
          `00-${"6".repeat(32)}-${"5".repeat(16)}-01`
        ]
        assert.deepStrictEqual(traces, [
          ...[null, theirs, ours, ours, `00-${"7".repeat(32)}-${"5".repeat(16)}-00`],
          ...[`00-${"1".repeat(32)}-${"5".repeat(16)}-01`, traceparent("1", "00")]
        ])
      })
    )

    it.effect("an event that is none is named, also where there is a tracer", () =>
      Effect.gen(function* () {
        const publish = Publisher.use((publisher) => publisher.publish(undefined as never, {} as never))
        const error = yield* Effect.flip(Effect.provideService(publish, Tracer.Tracer, exporting))
        assert.include(error.message, "Option definition of Publisher.publish is undefined")
      })
    )

    it.effect("a traceparent that is none is ignored, and one of a later version is read", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("inherit-malformed")
        const good = traceparent("1")
        const bad = [
          "",
          "x",
          good.slice(1),
          `${good}-00`,
          good.toUpperCase().replaceAll("1", "A"),
          `ff${good.slice(2)}`
        ]
        const zeros = [`00-${"0".repeat(32)}-${"1".repeat(16)}-01`, `00-${"1".repeat(32)}-${"0".repeat(16)}-01`]
        const all = [...bad, ...zeros, `cc${good.slice(2)}-what-comes`, traceparent("1", "03")]
        for (const [n, each] of all.entries()) {
          yield* Publisher.publish(Happened, { n }).pipe(Lineage.within({ traceparent: each }))
        }
        const traces = Object.values(yield* stored(Happened)).map(({ trace }) => trace)
        assert.deepStrictEqual(traces, [...[...bad, ...zeros].map(() => null), good, good])
      })
    )

    it.effect("what can be taken over but not stored is refused, and named; nothing is written", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("inherit-refused")
        const cause = { id: "an event", correlationId: undefined, metadata: { tenantId: "x".repeat(1_048_576) } }
        const tooLong = yield* Effect.flip(Publisher.publish(Happened, { n: 1 }, { cause }))
        assert.strictEqual(tooLong._tag, "EventEncodingError")
        assert.match(tooLong.message, /metadata\.tenantId: taken over: has \d+ bytes as JSON/)
        const refused = Publisher.publish(Happened, { n: 2 }, { metadata: { a: 1 } }).pipe(
          Lineage.within({ metadata: { b: 1, c: "\u0000" } })
        )
        assert.match((yield* Effect.flip(refused)).message, /metadata\.c: contains \\u0000/)
        const correlated = Publisher.publish(Happened, { n: 3 }).pipe(Lineage.within({ correlationId: "" }))
        assert.match((yield* Effect.flip(correlated)).message, /correlationId of Lineage\.within of event .* is empty/)
        const none = Publisher.publish(Happened, { n: 3 }).pipe(Lineage.within({ metadata: "text" as never }))
        assert.match((yield* Effect.flip(none)).message, /metadata: those of Lineage\.within are not an object/)
        // Its own come first: then there is nothing to take over.
        yield* Publisher.publish(Happened, { n: 4 }, { cause, metadata: { tenantId: "t" } })
        assert.deepStrictEqual(Object.keys(yield* stored(Happened)), ["4"])
      })
    )

    it.effect("keys of prototypes are keys as others", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("inherit-prototypes")
        const metadata = JSON.parse('{"__proto__": {"polluted": true}, "tenantId": "t"}')
        const { id } = yield* Publisher.publish(Happened, { n: 1 }, { metadata })
        const cause = { id, correlationId: undefined, metadata }
        const second = yield* Publisher.publish(Happened, { n: 2 }, { cause })
        assert.strictEqual((second.metadata as { readonly polluted?: boolean }).polluted, undefined)
        const found = yield* stored(Happened)
        // Where they have their order from, they may not have the same.
        const entriesOf = (n: string) =>
          Object.entries(found[n]?.metadata ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
        assert.deepStrictEqual(entriesOf("2"), entriesOf("1"))
        assert.deepStrictEqual(
          entriesOf("2").map(([key]) => key),
          ["__proto__", "tenantId"]
        )
        // A cause without metadata of its own, or with something else, gives none.
        for (const nothing of [undefined, null, "text", [1]]) {
          yield* Publisher.publish(Happened, { n: 3 }, { cause: { ...cause, metadata: nothing as never } })
        }
      })
    )

    it.effect("a retry, and a dead letter that is opened again, keep ids, correlation and metadata", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("inherit-retries")
        let attempts = 0
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("inherit-retries", { maxAttempts: 2, retryBaseDelay: "100 millis" }),
            event: Happened,
            handler: Effect.fnUntraced(function* () {
              if (++attempts < 3) return yield* Effect.fail("not yet")
              yield* Publisher.publish(Followed, { n: attempts })
            })
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 }, { metadata: { tenantId: "t" } })
        yield* settled(event.id)
        const { deadLetters } = yield* DeadLetters.use((letters) => letters.list({ consumer: "inherit-retries" }))
        yield* DeadLetters.use((letters) => letters.requeue(deadLetters[0]?.deliveryId ?? ""))
        yield* settled(event.id)
        assert.deepStrictEqual(yield* stored(Followed), {
          3: { causationId: event.id, correlationId: event.id, metadata: { tenantId: "t" }, trace: null }
        })
      })
    )
  })
})

describe("options", () => {
  withLayer(Integration.layerMemory(), { excludeTestServices: true })("without inherited keys", (it) => {
    it.effect("no metadata are inherited", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("inherit-none")
        const cause = { id: "an event", correlationId: undefined, metadata: { tenantId: "t" } }
        assert.deepStrictEqual((yield* Publisher.publish(Happened, { n: 1 }, { cause })).metadata, {})
        for (const wrong of ["tenantId", [""], [1], null]) {
          const layer = Integration.layerMemory({ inheritMetadata: wrong as never })
          const error = yield* Effect.flip(Effect.scoped(Effect.provide(Effect.void, layer)))
          assert.match(error.message, /inheritMetadata/)
        }
      })
    )
  })
})
