/** Deliveries that gave up: found, understood, opened again, let go. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Data, Effect, Schema } from "effect"
import {
  Consumer,
  DeadLetters,
  DomainEvent,
  InboxStore,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"

const once = { maxAttempts: 1 }

/** Publishes events whose handler fails as long as `isBroken` says so, until all have given up. */
const withDead = Effect.fnUntraced(function* (name: string, count: number, options: Consumer.Options = once) {
  const { Happened, happenings } = eventsOf(name)
  const state = { isBroken: true, handled: [] as Array<number> }
  yield* serve(
    Subscriber.make({
      consumer: Consumer.make(name, options),
      event: Happened,
      handler: ({ payload }) =>
        state.isBroken
          ? Effect.fail(new Error(`broken ${payload.n}`))
          : Effect.sync(() => {
              state.handled.push(payload.n)
            })
    })
  )
  yield* Publisher.publishAll(happenings(count))
  const inbox = yield* InboxStore
  const rows = yield* until(inbox.findByConsumer(name, undefined, 1000), (found) => found.every((row) => !row.isOpen))
  return { ids: rows.map((row) => row.deliveryId), eventIds: rows.map((row) => row.eventId), state, Happened }
})

const statuses = (consumer: string) =>
  InboxStore.use((inbox) =>
    Effect.map(inbox.findByConsumer(consumer, undefined, 1000), (rows) => rows.map((row) => row.status))
  )

describe.each(runtimes)("on $name", ({ isServer, layer }) => {
  withLayer(layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } }), {
    excludeTestServices: true,
    timeout: "60 seconds"
  })("dead letters", (it) => {
    it.effect("are listed page by page, and inspected with payload and history", () =>
      Effect.gen(function* () {
        const { ids } = yield* withDead("inspected", 5, { maxAttempts: 2 })
        const letters = yield* DeadLetters
        const first = yield* letters.list({ consumer: "inspected", limit: 3 })
        const second = yield* letters.list({ consumer: "inspected", limit: 3, after: first.next ?? "" })
        assert.isUndefined(second.next)
        assert.sameMembers(
          [...first.deadLetters, ...second.deadLetters].map((letter) => letter.deliveryId),
          ids
        )
        const details = yield* letters.inspect(ids[2] ?? "")
        assert.deepInclude(details, { payload: { n: 2 }, originalPayload: { n: 2 }, lastError: "Error: broken 2" })
        assert.deepStrictEqual(
          details.attempts.map(({ attempt, outcome }) => [attempt, outcome]),
          [
            [1, "retry"],
            [2, "dead_letter"]
          ]
        )
        assert.match(details.attempts[0]?.error ?? "", /^Error: broken 2\n +at /)
        const hour = 3_600_000
        const since = yield* letters.list({ consumer: "inspected", since: Date.now() - hour })
        assert.lengthOf(since.deadLetters, 5)
        assert.isEmpty((yield* letters.list({ consumer: "inspected", until: Date.now() - hour })).deadLetters)
      })
    )

    it.effect("say what is wrong with a question", () =>
      Effect.gen(function* () {
        const letters = yield* DeadLetters
        const messages = yield* Effect.forEach(
          [
            letters.list({ limit: 0 }),
            letters.list({ after: "yesterday" }),
            letters.list({ since: "soon" }),
            letters.requeueAll({ deliveryIds: ["nobody"] }),
            letters.discardAll({ consumr: "a" } as never),
            letters.discardAll({ consumer: undefined as never }),
            letters.discardAll({ aggregate: { type: "Thing", id: "1" } as never }),
            letters.requeueAll(undefined as never),
            letters.list({ consumer: 5 as never }),
            letters.inspect("nobody"),
            letters.requeue("00000000-0000-4000-8000-000000000000"),
            letters.discard("nobody")
          ] as const,
          (question: Effect.Effect<unknown, Error>) => Effect.map(Effect.flip(question), (error) => error.message)
        )
        assert.deepStrictEqual(messages, [
          "Option limit of dead letters is 0, expected an integer from 1 to 1000.",
          "Option after of dead letters is yesterday, expected the next of an earlier page.",
          "Option since of dead letters is soon, expected a time.",
          "Option deliveryIds of dead letters is nobody, expected ids of deliveries.",
          'Option "consumr" of dead letters is a, expected one of deliveryIds, consumer, eventName, errorTag, fingerprint, isUndecodable, aggregate, since, until.',
          "Option consumer of dead letters is undefined, expected the name of a consumer; left out, it covers all.",
          "Option aggregate of dead letters is [object Object], expected an entity, with module, entityType and entityId.",
          "Option filter of dead letters is undefined, expected a filter, {} for all there are.",
          "Option consumer of dead letters is 5, expected the name of a consumer.",
          "No delivery nobody in inbox_event. Its event was never committed, or has been removed.",
          "No delivery 00000000-0000-4000-8000-000000000000 in inbox_event. Its event was never committed, or has been removed.",
          "No delivery nobody in inbox_event. Its event was never committed, or has been removed."
        ])
      })
    )

    it.effect("that are none any more say what became of them", () =>
      Effect.gen(function* () {
        const { ids, state } = yield* withDead("gone", 2)
        const letters = yield* DeadLetters
        const [discarded = "", requeued = ""] = ids
        assert.isTrue(yield* letters.discard(discarded))
        state.isBroken = false
        assert.isTrue(yield* letters.requeue(requeued))
        yield* until(statuses("gone"), (found) =>
          found.every((status) => status === "skipped" || status === "processed")
        )
        const words = (id: string) => Effect.map(Effect.flip(letters.inspect(id)), ({ message }) => message)
        assert.strictEqual(yield* words(discarded), `Delivery ${discarded} is no dead letter: it is discarded.`)
        assert.strictEqual(yield* words(requeued), `Delivery ${requeued} is no dead letter: it is processed.`)
      })
    )

    it.effect("hold the fields of errors that have no message, cut", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("fields")
        class Refused extends Data.TaggedError("Refused")<{ readonly [field: string]: unknown }> {}
        const circular: Record<string, unknown> = {}
        circular.self = circular
        const errors: ReadonlyArray<readonly [unknown, string | RegExp]> = [
          [new Refused({}), "Refused"],
          [new Refused({ status: 402, card: { last4: "4242" } }), 'Refused: {"status":402,"card":{"last4":"4242"}}'],
          [new Refused({ amount: 7n, at: new Date(0) }), 'Refused: {"amount":"7","at":"1970-01-01T00:00:00.000Z"}'],
          [new Refused({ cause: new TypeError("no") }), 'Refused: {"cause":"TypeError: no"}'],
          [new Refused({ message: "no funds", status: 402 }), "Refused: no funds"],
          [new Refused({ text: "x".repeat(5_000_000) }), `Refused: {"text":"${"x".repeat(200)}…"}`],
          [
            new Refused({ list: Array.from({ length: 1_000_000 }, (_, n) => n) }),
            /^Refused: \{"list":\[0,1,2,.*,97,"…"\]\}$/
          ],
          [new Refused({ circular }), 'Refused: {"circular":{"self":{"self":{"self":"…"}}}}'],
          [{ code: "E1" }, '{"code":"E1"}']
        ]
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("fields", once),
            event: Happened,
            handler: ({ payload }) => Effect.fail(errors[payload.n]?.[0])
          })
        )
        const processor = yield* Processor
        const events = yield* Publisher.publishAll(happenings(errors.length))
        for (const [n, { id }] of events.entries()) {
          const [delivery] = yield* processor.settled(id)
          const expected = errors[n]?.[1] ?? ""
          if (typeof expected === "string") assert.strictEqual(delivery?.lastError, expected)
          else assert.match(delivery?.lastError ?? "", expected)
        }
      })
    )

    it.effect("are requeued with another payload for one consumer, which has to fit its handler", () =>
      Effect.gen(function* () {
        const { Happened, ids, state } = yield* withDead("edited", 2)
        const others: Array<number> = []
        yield* serve(
          Subscriber.make({
            consumer: "edited-other",
            event: Happened,
            handler: ({ payload }) => Effect.sync(() => others.push(payload.n))
          })
        )
        const letters = yield* DeadLetters
        state.isBroken = false
        const [id = ""] = ids
        const refused = yield* Effect.flip(letters.requeue(id, { payload: { n: "text" } }))
        assert.strictEqual(refused._tag, "EventDecodingError")
        const unstorable = yield* Effect.flip(letters.requeue(id, { payload: { n: 1, text: "\u0000" } }))
        assert.strictEqual(
          unstorable.message,
          `Delivery ${id} of "edited.happened" was not requeued, nothing was changed. Its new payload cannot be stored:\n  at payload.text: contains \\u0000, which PostgreSQL cannot store`
        )
        assert.isTrue(yield* letters.requeue(id, { payload: { n: 70 } }))
        yield* until(statuses("edited"), ([status]) => status === "processed")
        assert.deepStrictEqual(state.handled, [70])
        assert.isFalse(yield* letters.requeue(id, { payload: { n: 71 } }))
        const delivery = yield* InboxStore.use((inbox) => inbox.findById(id))
        const event = yield* OutboxStore.use((outbox) => outbox.findById(delivery?.eventId ?? ""))
        assert.deepStrictEqual(event?.payload, { n: 0 })
        assert.isEmpty(others)
      })
    )

    it.effect("that could not be decoded are a class of their own, and go through once the code understands them", () =>
      Effect.gen(function* () {
        const define = <Payload>(payload: Schema.Codec<Payload, Schema.Json>) =>
          DomainEvent.define("undecodable.happened", {
            sourceModule: "tests",
            aggregateType: "Thing",
            aggregateId: () => "1",
            payload
          })
        const Old = define(Schema.Struct({ n: Schema.Number }))
        const New = define(Schema.Struct({ n: Schema.Union([Schema.Number, Schema.String]) }))
        const handled: Array<number | string> = []
        const letters = yield* DeadLetters
        const old = Subscriber.make({
          consumer: "undecodable",
          event: Old,
          handler: ({ payload }) =>
            payload.n === 2 ? Subscriber.fatal("two") : Effect.sync(() => handled.push(payload.n))
        })
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* serve(old)
            yield* Publisher.publishAll([1, "one", 2].map((n) => DomainEvent.publication(New, { n })))
            yield* until(statuses("undecodable"), (found) => !found.includes("received"))
          })
        )
        const listed = yield* letters.list({ consumer: "undecodable", isUndecodable: true })
        assert.deepStrictEqual(
          listed.deadLetters.map((letter) => [letter.errorTag, letter.isUndecodable]),
          [["EventDecodingError", true]]
        )
        assert.lengthOf((yield* letters.list({ consumer: "undecodable" })).deadLetters, 2)
        yield* serve(
          Subscriber.make({
            consumer: "undecodable",
            event: New,
            handler: ({ payload }) => Effect.sync(() => handled.push(payload.n))
          })
        )
        assert.strictEqual(yield* letters.requeueAll({ consumer: "undecodable", isUndecodable: true }), 1)
        yield* until(statuses("undecodable"), ([, status]) => status === "processed")
        // A batch that is repeated because of a neighbour shows its first event twice.
        assert.deepStrictEqual([...new Set(handled)], [1, "one"])
      })
    )

    it.effect("when discarded let what waits behind them go on, and their events are through", () =>
      Effect.gen(function* () {
        const log: Array<number> = []
        const { Happened } = eventsOf("discarded")
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("discarded", { ...once, ordering: "aggregate" }),
            event: Happened,
            handler: ({ payload }) => (payload.n === 1 ? Effect.fail("no") : Effect.sync(() => log.push(payload.n)))
          })
        )
        const events = [1, 2, 3].map((n) => DomainEvent.publication(Happened, { n }, { aggregateId: "same" }))
        const [first] = yield* Publisher.publishAll(events)
        yield* until(statuses("discarded"), ([status]) => status === "dead_letter")
        yield* Processor.use((processor) => processor.drain)
        assert.isEmpty(log)
        const letters = yield* DeadLetters
        const [letter] = (yield* letters.list({ consumer: "discarded" })).deadLetters
        assert.isTrue(yield* letters.discard(letter?.deliveryId ?? "", { reason: "a mistake" }))
        assert.isFalse(yield* letters.discard(letter?.deliveryId ?? ""))
        yield* until(statuses("discarded"), (found) => found.join() === "skipped,processed,processed")
        assert.deepStrictEqual(log, [2, 3])
        const event = yield* OutboxStore.use((outbox) => outbox.findById(first?.id ?? ""))
        assert.strictEqual(event?.status, "processed")
      })
    )

    it.effect("of a consumer that there is none of are not passed over in silence", () =>
      Effect.gen(function* () {
        yield* withDead("misspelt", 0)
        const letters = yield* DeadLetters
        assert.strictEqual(yield* letters.requeueAll({ consumer: "misspelt" }), 0)
        assert.strictEqual(yield* letters.discardAll({ consumer: "misspelt", errorTag: "Nothing" }), 0)
        for (const change of [letters.requeueAll, letters.discardAll]) {
          const error = yield* Effect.flip(change({ consumer: "mispselt" }))
          assert.deepStrictEqual([error._tag, "nearest" in error && error.nearest], ["ConsumerNotFound", "misspelt"])
        }
      })
    )

    it.effect("are requeued and discarded once each, whatever is done at the same time", () =>
      Effect.gen(function* () {
        const { state } = yield* withDead("at-once", 600)
        const letters = yield* DeadLetters
        state.isBroken = false
        const filter = { consumer: "at-once", eventName: "at-once.*" }
        const [first, second] = (yield* letters.list(filter)).deadLetters.map((letter) => letter.deliveryId)
        const some = [first ?? "", second ?? ""]
        assert.lengthOf((yield* letters.list({ deliveryIds: some })).deadLetters, 2)
        const counts = yield* Effect.all(
          [
            letters.requeueAll(filter),
            letters.discardAll(filter, { reason: "raced" }),
            letters.requeueAll(filter),
            letters.discardAll(filter, { reason: "raced" })
          ],
          { concurrency: isServer ? "unbounded" : 1 }
        )
        assert.strictEqual(
          counts.reduce((sum, count) => sum + count, 0),
          600
        )
        const found = yield* until(statuses("at-once"), (rows) => !rows.includes("received"))
        const requeued = (counts[0] ?? 0) + (counts[2] ?? 0)
        assert.lengthOf(
          found.filter((status) => status === "processed"),
          requeued
        )
        assert.lengthOf(state.handled, requeued)
        assert.isEmpty((yield* letters.list(filter)).deadLetters)
      })
    )
  })
})
