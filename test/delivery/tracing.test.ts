/** What tracers are told: publishes and runs of handlers, linked to each other, and nothing of the engine's own. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Option, Tracer } from "effect"
import {
  Consumer,
  type DomainEvent,
  Integration,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"

interface Recorded extends Tracer.Span {
  readonly ended: { exit: Exit.Exit<unknown, unknown> | undefined }
}

let counter = 0

const hex = (length: number) => (++counter).toString(16).padStart(length, "a")

/** A tracer that keeps its spans, as one that exports them does. */
const recording = () => {
  const all: Array<Recorded> = []
  const tracer = Tracer.make({
    span: ({ annotations, kind, links, name, parent, sampled, startTime }) => {
      const attributes = new Map<string, unknown>()
      const ended: Recorded["ended"] = { exit: undefined }
      const traceId = Option.match(parent, { onNone: () => hex(32), onSome: (span: Tracer.AnySpan) => span.traceId })
      const span: Recorded = {
        ...{ _tag: "Span", annotations, attributes, ended, kind, links: [...links], name, parent, sampled },
        ...{ spanId: hex(16), status: { _tag: "Started", startTime }, traceId },
        end: (_, exit) => {
          ended.exit = exit
        },
        attribute: (key, value) => attributes.set(key, value),
        event: () => {},
        addLinks: () => {}
      }
      all.push(span)
      return span
    }
  })
  /** Those that are exported, but for what a test does to have a schema of its own, and what is traced once at a start. */
  const spans = () =>
    all.filter(
      (span) =>
        span.sampled &&
        !String(span.attributes.get("db.query.text")).startsWith("CREATE SCHEMA") &&
        !/^(Processor|Registry)\./.test(span.name)
    )
  const of = (name: string) => spans().filter((span) => span.name === name)
  return { layer: Layer.succeed(Tracer.Tracer, tracer), of, spans }
}

const settled = (id: string) => Processor.use((processor) => processor.settled(id))

const traceOf = (id: string) =>
  OutboxStore.use((outbox) => Effect.map(outbox.findById(id), (row) => row?.traceparent ?? null))

const contextOf = ({ spanId, traceId }: Tracer.AnySpan) => `00-${traceId}-${spanId}-01`

describe.each(runtimes)("on $name", ({ layer, name }) => {
  const traced = <A, E, R>(
    body: Effect.Effect<A, E, R>,
    recorder: ReturnType<typeof recording>,
    options: Integration.Options = {}
  ) =>
    Effect.scoped(
      Effect.provide(body, layer({ settings: unpolled, ...options }).pipe(Layer.provideMerge(recorder.layer)))
    )

  withLayer(Layer.empty, { excludeTestServices: true, timeout: "60 seconds" })("tracing", (it) => {
    for (const mode of ["transactional", "leased"] as const) {
      it.effect(`a publish and what handles its event are spans, linked; ${mode}`, () => {
        const recorder = recording()
        return traced(
          Effect.gen(function* () {
            const { Followed, Happened } = eventsOf(`traced-${mode}`)
            yield* serve(
              Subscriber.make({
                consumer: Consumer.make(`traced-${mode}`, { mode }),
                event: Happened,
                handler: Effect.fnUntraced(function* ({ payload }) {
                  yield* Publisher.publish(Followed, payload).pipe(Effect.withSpan("inner"))
                  const transactor = yield* Transactor
                  yield* transactor.afterCommit(Effect.void.pipe(Effect.withSpan("after")))
                })
              })
            )
            const event = yield* Publisher.publish(Happened, { n: 1 }, { correlationId: "c" }).pipe(
              Effect.withSpan("request")
            )
            yield* settled(event.id)
            const [request] = recorder.of("request")
            const [publish, ...others] = recorder.of(`publish ${Happened.name}`)
            assert.deepStrictEqual(others, [])
            assert.ok(publish !== undefined && request !== undefined)
            assert.deepStrictEqual([publish.kind, publish.traceId], ["producer", request.traceId])
            assert.strictEqual(yield* traceOf(event.id), contextOf(publish))
            assert.deepStrictEqual(Object.fromEntries(publish.attributes), {
              ...{ "messaging.system": "effect_integration", "messaging.operation.name": "publish" },
              ...{ "messaging.operation.type": "send", "messaging.destination.name": Happened.name }
            })
            const [process] = recorder.of(`process ${Happened.name}`)
            assert.ok(process !== undefined)
            assert.deepStrictEqual([process.kind, Option.isNone(process.parent)], ["consumer", true])
            assert.deepStrictEqual(
              process.links.map(({ span }) => contextOf(span)),
              [contextOf(publish)]
            )
            const {
              "effect_integration.delivery.id": deliveryId,
              "messaging.client.id": clientId,
              ...known
            } = Object.fromEntries(process.attributes)
            assert.match(`${deliveryId} ${clientId}`, /^[0-9a-f-]{36} [0-9a-f-]{36}$/)
            assert.deepStrictEqual(known, {
              ...{ "messaging.system": "effect_integration", "messaging.operation.name": "process" },
              ...{ "messaging.operation.type": "process", "messaging.destination.name": Happened.name },
              ...{ "messaging.consumer.group.name": `traced-${mode}`, "messaging.message.id": event.id },
              ...{ "messaging.message.conversation_id": "c", "effect_integration.attempt": 1 },
              ...{ "effect_integration.mode": mode, "effect_integration.module": "tests" },
              ...{
                "effect_integration.aggregate.type": "Thing",
                "effect_integration.outcome": "processed"
              }
            })
            assert.ok(process.ended.exit !== undefined && Exit.isSuccess(process.ended.exit))
            // What the handler does is in its span: request → publish, process → inner → publish.
            const [inner] = recorder.of("inner")
            const [followed] = recorder.of(`publish ${Followed.name}`)
            assert.strictEqual(inner?.traceId, process.traceId)
            assert.strictEqual(followed?.traceId, process.traceId)
            // So is what follows the commit.
            yield* until(
              Effect.sync(() => recorder.of("after")),
              ({ length }) => length === 1
            )
            assert.strictEqual(recorder.of("after")[0]?.traceId, process.traceId)
            const [row] = yield* OutboxStore.use((outbox) => outbox.findByName(Followed.name, 0n, 1))
            assert.strictEqual(row?.traceparent, followed === undefined ? null : contextOf(followed))
            // Nothing of the engine's own.
            const names = new Set(recorder.spans().map((span) => span.name))
            assert.deepStrictEqual(
              [...names].filter((each) => /^(sql|postgres|transaction)|Publisher/.test(each)),
              []
            )
          }),
          recorder
        )
      })
    }

    it.effect("what a handler asks of the database is traced in its span, where there is one", () => {
      const recorder = recording()
      return traced(
        Effect.gen(function* () {
          if (name === "memory") return
          const { Happened } = eventsOf("traced-sql")
          yield* serve(
            Subscriber.make({
              consumer: "traced-sql",
              event: Happened,
              handler: () => Transactor.use((transactor) => transactor.query("SELECT 1 AS one", []))
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          yield* settled(event.id)
          const [process] = recorder.of(`process ${Happened.name}`)
          assert.deepStrictEqual(
            recorder
              .spans()
              .filter((span) => /^(sql|postgres)/.test(span.name))
              .map(({ traceId }) => traceId),
            [process?.traceId]
          )
        }),
        recorder
      )
    })

    it.effect("a run can be the child of what published its event, and the engine's operations can have spans", () => {
      const recorder = recording()
      const name = "traced-as-child"
      return traced(
        Effect.gen(function* () {
          const { Happened } = eventsOf(name)
          yield* serve(Subscriber.make({ consumer: name, event: Happened, handler: () => Effect.void }))
          const event = yield* Publisher.publish(Happened, { n: 1 })
          yield* settled(event.id)
          const [publish] = recorder.of(`publish ${Happened.name}`)
          const [process] = recorder.of(`process ${Happened.name}`)
          assert.ok(publish !== undefined && process !== undefined)
          assert.strictEqual(process.traceId, publish.traceId)
          assert.strictEqual(Option.getOrUndefined(process.parent)?.spanId, publish.spanId)
          assert.deepStrictEqual(
            process.links.map(({ span }) => contextOf(span)),
            [contextOf(publish)]
          )
          for (const operation of ["claim", "settle"]) {
            const span = recorder.of(operation).at(-1)
            assert.deepStrictEqual(
              [span?.kind, span?.attributes.get("messaging.consumer.group.name")],
              ["client", name]
            )
            assert.deepStrictEqual([span?.ended.exit?._tag, span && Option.isNone(span.parent)], ["Success", true])
          }
          assert.deepStrictEqual(
            new Set(recorder.spans().map((span) => span.name)),
            new Set([publish.name, process.name, "claim", "settle"])
          )
        }),
        recorder,
        { traceRelation: "parent", traceOperations: true }
      )
    })

    it.effect("a batch handler's call is one span with a link to each event", () => {
      const recorder = recording()
      return traced(
        Effect.gen(function* () {
          const { Happened, happenings } = eventsOf("traced-batch")
          // Known before it is served: what is published then is in one batch.
          yield* Effect.scoped(
            serve(Subscriber.make({ consumer: "traced-batch", event: Happened, handler: () => Effect.void }))
          )
          const events = yield* Publisher.publishAll(happenings(3))
          yield* serve(
            Subscriber.batch({
              consumer: "traced-batch",
              event: Happened,
              handler: (all) => Effect.succeed(all.map(Subscriber.processed))
            })
          )
          for (const { id } of events) yield* settled(id)
          const [publish] = recorder.of(`publish ${Happened.name}`)
          assert.strictEqual(publish?.attributes.get("messaging.batch.message_count"), 3)
          const calls = recorder.of(`process ${Happened.name}`)
          assert.deepStrictEqual(
            calls.flatMap(({ links }) => links.map(({ span }) => contextOf(span))),
            events.map(() => (publish === undefined ? "" : contextOf(publish)))
          )
          if (name === "memory") return
          const [call] = calls
          assert.strictEqual(call?.attributes.get("messaging.batch.message_count"), 3)
          assert.deepStrictEqual(
            call?.links.map(({ attributes }) => attributes["messaging.message.id"]),
            events.map(({ id }: DomainEvent.Stored) => id)
          )
        }),
        recorder
      )
    })

    it.effect("what is not drawn is not traced, nor what follows from it; failed attempts are", () => {
      const recorder = recording()
      return traced(
        Effect.gen(function* () {
          const { Followed, Happened } = eventsOf("traced-ratio")
          let attempts = 0
          yield* serve(
            Subscriber.make({
              consumer: Consumer.make("traced-ratio", { retryBaseDelay: "100 millis" }),
              event: Happened,
              handler: Effect.fnUntraced(function* ({ payload }) {
                if (++attempts === 1) return yield* Effect.fail(new RangeError("not yet"))
                yield* Publisher.publish(Followed, payload).pipe(Effect.withSpan("inner"))
              })
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          yield* settled(event.id)
          const trace = (yield* traceOf(event.id)) ?? ""
          assert.match(trace, /-00$/)
          const [row] = yield* OutboxStore.use((outbox) => outbox.findByName(Followed.name, 0n, 1))
          assert.strictEqual(row?.traceparent?.slice(0, 35), trace.slice(0, 35))
          assert.match(row?.traceparent ?? "", /-00$/)
          const told = recorder.spans()
          assert.deepStrictEqual(
            told.map((span) => [
              span.name,
              span.attributes.get("error.type"),
              span.attributes.get("effect_integration.attempt"),
              span.ended.exit !== undefined && Exit.isFailure(span.ended.exit)
            ]),
            [[`process ${Happened.name}`, "RangeError", 1, true]]
          )
          // A transaction is no trace that was going on.
          const inTransaction = yield* Transactor.withTransaction(Publisher.publish(Followed, { n: 3 }))
          assert.match((yield* traceOf(inTransaction.id)) ?? "", /-00$/)
          // What is going on already is traced as it is.
          yield* Publisher.publish(Followed, { n: 2 }).pipe(Effect.withSpan("request"))
          assert.strictEqual(recorder.of(`publish ${Followed.name}`).length, 1)
        }),
        recorder,
        { traceSampleRatio: 0 }
      )
    })

    it.effect("a run whose time was over has failed, traced or not", () => {
      const recorder = recording()
      return traced(
        Effect.gen(function* () {
          const { Happened } = eventsOf("traced-timeout")
          yield* serve(
            Subscriber.make({
              consumer: Consumer.make("traced-timeout", { timeout: "100 millis", maxAttempts: 1 }),
              event: Happened,
              handler: () => Effect.never
            })
          )
          const event = yield* Publisher.publish(Happened, { n: 1 })
          yield* settled(event.id)
          const [process] = recorder.of(`process ${Happened.name}`)
          assert.deepStrictEqual(
            [process?.attributes.get("error.type"), process?.attributes.get("effect_integration.outcome")],
            ["HandlerTimeout", "failed"]
          )
        }),
        recorder,
        { traceSampleRatio: 0 }
      )
    })

    it.effect("a malformed trace is none: its event is handled, and drawn", () => {
      const recorder = recording()
      return traced(
        Effect.gen(function* () {
          const { Happened } = eventsOf("traced-malformed")
          if (name === "memory") return
          yield* serve(Subscriber.make({ consumer: "traced-malformed", event: Happened, handler: () => Effect.void }))
          const id = crypto.randomUUID()
          yield* Transactor.use((transactor) =>
            transactor.query(
              `INSERT INTO outbox_event (id, event_name, source_module, aggregate_type, aggregate_id, payload, traceparent)
              VALUES ($1::uuid, $2, 'tests', 'Thing', '1', '{"n": 1}', 'none')`,
              [id, Happened.name]
            )
          )
          yield* Processor.use((processor) => processor.drain)
          yield* settled(id)
          const [process] = recorder.of(`process ${Happened.name}`)
          assert.deepStrictEqual(process?.links, [])
        }),
        recorder
      )
    })

    it.effect("without a tracer nothing is stored, and handlers have no span", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("traced-off")
        const seen: Array<Context.Context<never>> = []
        yield* serve(
          Subscriber.make({
            consumer: "traced-off",
            event: Happened,
            handler: () => Effect.map(Effect.context<never>(), (context) => seen.push(context))
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        yield* settled(event.id)
        assert.isNull(yield* traceOf(event.id))
        assert.strictEqual(seen.length, 1)
        const span = Context.getOption(seen[0] as Context.Context<Tracer.ParentSpan>, Tracer.ParentSpan)
        assert.isTrue(Option.isNone(span))
      }).pipe(Effect.provide(layer({ settings: unpolled })), Effect.scoped)
    )
  })
})

it.effect.each([
  ["traceSampleRatio", 2],
  ["traceRelation", "sibling"],
  ["traceOperations", "yes"]
] as const)("%s is checked", ([option, value]) =>
  Effect.gen(function* () {
    const options = { [option]: value } as Integration.MemoryOptions
    const error = yield* Effect.flip(Effect.scoped(Layer.build(Integration.layerMemory(options))))
    assert.include(error.message, `Option ${option} is ${value}`)
  })
)
