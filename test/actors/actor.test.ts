/** Actors: state per aggregate that is made of exactly the events that were handled; on every store alike. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import {
  Actor,
  ActorStore,
  Consumer,
  DomainEvent,
  InboxStore,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { serve, unpolled } from "../support/scenario.ts"

/** Events and an actor that keeps an account, of one test. */
const accountOf = (test: string) => {
  const define = <const Name extends string>(name: Name) =>
    DomainEvent.define(name, {
      sourceModule: "bank",
      aggregateType: "Account",
      aggregateId: (payload) => payload.account,
      payload: Schema.Struct({ account: Schema.String, amount: Schema.Int })
    })
  const Paid = define(`${test}.paid`)
  const Spent = define(`${test}.spent`)
  const Overdrawn = define(`${test}.overdrawn`)
  const Account = Actor.make({
    consumer: Consumer.make(test, { ordering: "aggregate", maxAttempts: 2 }),
    state: Schema.Struct({ balance: Schema.Int, seen: Schema.Array(Schema.Int) }),
    initial: { balance: 0, seen: [] },
    handlers: (on) => [
      on(Paid, (state, { payload }) =>
        payload.amount === 13
          ? Effect.fail("unlucky")
          : Effect.succeed({ balance: state.balance + payload.amount, seen: [...state.seen, payload.amount] })
      ),
      on(Spent, (state, { payload }) => {
        const next = { balance: state.balance - payload.amount, seen: [...state.seen, -payload.amount] }
        return Effect.succeed(
          next.balance < 0
            ? Actor.reply(next, DomainEvent.publication(Overdrawn, { account: payload.account, amount: next.balance }))
            : next
        )
      })
    ]
  })
  const paid = (account: string, amount: number) => DomainEvent.publication(Paid, { account, amount })
  const spent = (account: string, amount: number) => DomainEvent.publication(Spent, { account, amount })
  return { Account, Overdrawn, Paid, Spent, paid, spent }
}

const entity = (entityId: string) => ({ module: "bank", entityType: "Account", entityId })

describe.each(runtimes)("on $name", ({ layer }) => {
  const live = layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("actors", (it) => {
    it.effect("keep a state for each aggregate, one event after the other, and reply with events", () =>
      Effect.gen(function* () {
        const { Account, Overdrawn, paid, spent } = accountOf("replies")
        yield* serve(...Account.subscribers)
        assert.deepStrictEqual(yield* Account.state("a"), { balance: 0, seen: [] })
        yield* Publisher.publishAll([paid("a", 10), paid("b", 1), spent("a", 4), spent("b", 3), paid("a", 2)])
        yield* Processor.use((processor) => processor.drain)
        const events = yield* OutboxStore.use((outbox) => outbox.findByName("replies.spent", 0n, 10))
        for (const event of events) yield* Processor.use((processor) => processor.settled(event.id))
        assert.deepStrictEqual(yield* Account.state(entity("a")), { balance: 8, seen: [10, -4, 2] })
        assert.deepStrictEqual(yield* Account.state("b"), { balance: -2, seen: [1, -3] })
        const replies = yield* OutboxStore.use((outbox) => outbox.findByName(Overdrawn.name, 0n, 10))
        assert.deepStrictEqual(
          replies.map((row) => [row.payload, row.causationId]),
          [[{ account: "b", amount: -2 }, events[1]?.id ?? ""]]
        )
      })
    )

    it.effect("a failed event leaves the state as it was, and is repeated on it", () =>
      Effect.gen(function* () {
        const { Account, Paid, paid } = accountOf("fails")
        yield* serve(...Account.subscribers)
        yield* Publisher.publishAll([paid("a", 1), paid("a", 13), paid("a", 2), paid("b", 5)])
        const last = yield* Publisher.publish(Paid, { account: "b", amount: 6 })
        yield* Processor.use((processor) => processor.settled(last.id))
        const inbox = yield* InboxStore
        const untilDead: Effect.Effect<void, unknown> = Effect.flatMap(
          inbox.findByConsumer("fails", undefined, 10),
          (deliveries) => (deliveries[1]?.status === "dead_letter" ? Effect.void : Effect.delay(untilDead, 10))
        )
        yield* untilDead
        assert.deepStrictEqual(yield* Account.state("a"), { balance: 1, seen: [1] })
        assert.deepStrictEqual(yield* Account.state("b"), { balance: 11, seen: [5, 6] })
      })
    )

    it.effect("states are listed by pages; one that cannot be read is told and hides no other", () =>
      Effect.gen(function* () {
        const { Account, paid } = accountOf("pages")
        yield* serve(...Account.subscribers)
        yield* Publisher.publishAll([paid("a", 1), paid("b", 2), paid("c", 3)])
        yield* Processor.use((processor) => processor.drain)
        const store = yield* ActorStore
        const write = { consumer: "pages", aggregate: entity("d"), state: '{"balance":"?"}', after: undefined }
        while ((yield* store.list("pages", 0n, 10)).length < 3) yield* Effect.sleep(5)
        yield* store.write({ ...write, schemaVersion: 1 })
        yield* store.write({ ...write, aggregate: entity("e"), schemaVersion: 2 })
        const first = yield* Account.states({ limit: 2 })
        const second = yield* Account.states({ limit: 3, ...(first.next === undefined ? {} : { after: first.next }) })
        assert.deepStrictEqual(
          [...first.items, ...second.items]
            .map((item) => [item.aggregate, item.state.balance, item.revision])
            .toSorted(),
          [
            [entity("a"), 1, 1n],
            [entity("b"), 2, 1n],
            [entity("c"), 3, 1n]
          ]
        )
        const [bad, newer] = second.unreadable.map((error) => error.message)
        assert.match(bad ?? "", /^State of "d" of actor "pages": stored with version 1, it does not match .*balance/)
        assert.strictEqual(
          newer,
          'State of "e" of actor "pages": it was written with version 2, this code knows 1. What is stored was not changed.'
        )
        assert.isUndefined((yield* Account.states()).next)
        assert.strictEqual(
          (yield* Effect.flip(Account.states({ limit: 0 }))).message,
          "Option limit is 0, expected an integer from 1 to 1000."
        )
      })
    )

    it.effect("a state of an earlier version is migrated when it is read", () =>
      Effect.gen(function* () {
        const { Paid, paid } = accountOf("migrates")
        const store = yield* ActorStore
        yield* store.write({
          consumer: "migrates",
          aggregate: entity("a"),
          state: '{"sum":40}',
          schemaVersion: 1,
          after: undefined
        })
        const Newer = Actor.make({
          consumer: "migrates",
          state: Schema.Struct({ balance: Schema.Int }),
          version: 2,
          migrate: (state, version) => {
            assert.strictEqual(version, 1)
            return { balance: (state as { sum: number }).sum }
          },
          initial: ({ entityId }) => ({ balance: entityId.length }),
          handlers: (on) => [
            on(Paid, (state, { payload }) => Effect.succeed({ balance: state.balance + payload.amount }))
          ]
        })
        assert.deepStrictEqual(yield* Newer.state("a"), { balance: 40 })
        assert.deepStrictEqual(yield* Newer.state("long"), { balance: 4 })
        yield* serve(...Newer.subscribers)
        const [event] = yield* Publisher.publishAll([paid("a", 2)])
        yield* Processor.use((processor) => processor.settled(event.id))
        assert.deepStrictEqual(yield* Newer.state("a"), { balance: 42 })
        const stored = yield* store.read("migrates", entity("a"))
        assert.deepInclude(stored, { state: { balance: 42 }, schemaVersion: 2, revision: 2n })
      })
    )

    it.effect("what another replica wrote is noticed: the delivery is repeated at no charge", () =>
      Effect.gen(function* () {
        const { Account, Paid, paid } = accountOf("replicas")
        const store = yield* ActorStore
        yield* serve(...Account.subscribers)
        const deliver = Effect.fnUntraced(function* (amount: number) {
          const [event] = yield* Publisher.publishAll([paid("a", amount)])
          return yield* Processor.use((processor) => processor.settled(event.id))
        })
        yield* deliver(1)
        // The state is in the memory of this process now. Somebody else changes it.
        const aggregate = entity("a")
        const elsewhere = { consumer: "replicas", aggregate, schemaVersion: 1, state: '{"balance":100,"seen":[]}' }
        assert.isUndefined(yield* store.write({ ...elsewhere, after: "another" }))
        assert.isUndefined(yield* store.write({ ...elsewhere, after: undefined }))
        const stored = yield* store.read("replicas", aggregate)
        assert.isDefined(yield* store.write({ ...elsewhere, after: stored?.version }))
        const [delivery] = yield* deliver(2)
        assert.deepInclude(delivery, { status: "processed", attemptCount: 1 })
        assert.deepStrictEqual(yield* Account.state("a"), { balance: 102, seen: [2] })
        assert.strictEqual(Paid.name, "replicas.paid")
      })
    )

    it.effect("refuses a consumer without order, ids that could mean several, and states that cannot be stored", () =>
      Effect.gen(function* () {
        const { Paid, paid } = accountOf("refused")
        const Shipped = DomainEvent.define("refused.shipped", {
          sourceModule: "warehouse",
          aggregateType: "Parcel",
          aggregateId: (payload) => payload.parcel,
          payload: Schema.Struct({ parcel: Schema.String })
        })
        const both = (consumer: Consumer.Consumer | string) =>
          Actor.make({
            consumer,
            state: Schema.String,
            initial: "",
            handlers: (on) => [on(Paid, () => Effect.succeed("\u0000")), on(Shipped, (state) => Subscriber.skip(state))]
          })
        const unordered = yield* Effect.flip(serve(...both(Consumer.make("refused-a")).subscribers))
        assert.strictEqual(
          unordered.message,
          'Option ordering of consumer "refused-a" is none, expected "aggregate": an actor handles one event of an aggregate at a time.'
        )
        const Both = both(Consumer.make("refused-b", { ordering: "aggregate", maxAttempts: 1 }))
        assert.strictEqual(
          (yield* Effect.flip(Both.state("a"))).message,
          'Invalid aggregate "a": could be of bank Account or warehouse Parcel; give { module, entityType, entityId }. Nothing was written.'
        )
        yield* serve(...Both.subscribers)
        const [event] = yield* Publisher.publishAll([paid("a", 1)])
        const [delivery] = yield* Processor.use((processor) => processor.settled(event.id))
        assert.strictEqual(delivery?.status, "dead_letter")
        assert.include(delivery?.lastError ?? "", 'State of "a" of actor "refused-b": the new state cannot be stored')
        assert.strictEqual(yield* Both.state(entity("a")), "")
      })
    )
  })
})
