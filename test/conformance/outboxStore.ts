/** What every outbox store must do. */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { InboxStore, OutboxStore, SubscriptionStore, Transactor } from "../../src/index.ts"
import type { NewEvent } from "../../src/OutboxStore.ts"

export type Stores = OutboxStore | InboxStore | SubscriptionStore | Transactor

/** A name nobody else uses. */
export const unique = (name: string) => `${name}-${SecureRandom.uuidV4Unsafe().slice(0, 8)}`

export const newEvent = (eventName: string, more: Partial<NewEvent> = {}): NewEvent => ({
  id: SecureRandom.uuidV7Unsafe(),
  eventName,
  schemaVersion: 1,
  sourceModule: "conformance",
  aggregateType: "Thing",
  aggregateId: "1",
  payload: '{"a":1}',
  metadata: undefined,
  correlationId: undefined,
  causationId: undefined,
  dedupeKey: undefined,
  due: undefined,
  ...more
})

/** Subscribes consumers to an event or pattern. */
export const subscribe = (event: string, ...consumers: ReadonlyArray<string>) =>
  SubscriptionStore.use((store) =>
    store.register(consumers.map((consumer) => ({ consumer, event, priority: 0, ordering: "none" })))
  )

/** Appends `count` events of a new name for a new consumer. */
export const withDeliveries = Effect.fnUntraced(function* (count: number) {
  const eventName = unique("event")
  const consumer = unique("consumer")
  yield* subscribe(eventName, consumer)
  const events = Array.from({ length: count }, () => newEvent(eventName))
  const appended = yield* OutboxStore.use((store) => store.append(events))
  const inbox = yield* InboxStore
  const interest = { names: [eventName], patterns: [] }
  return {
    consumer,
    eventName,
    eventIds: events.map((event) => event.id),
    appended,
    interest,
    claim: (limit: number, maxPosition?: bigint) => inbox.claim({ consumer, interest, limit, maxPosition })
  }
})

/** Claims one delivery and settles it as `status`, in one transaction. */
export const settleNext = (
  claim: (limit: number) => ReturnType<InboxStore["Service"]["claim"]>,
  verdict: {
    readonly status: "processed" | "failed" | "skipped" | "dead_letter"
    readonly retryInMillis?: number
    readonly error?: string
  }
) =>
  Transactor.withTransaction(
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const [row] = yield* claim(1)
      if (row === undefined) return yield* Effect.die(new Error("nothing to claim"))
      yield* inbox.settle({
        deliveryId: row.deliveryId,
        seenAttempts: row.attemptCount,
        status: verdict.status,
        retryInMillis: verdict.retryInMillis,
        error: verdict.error,
        errorTag: verdict.error === undefined ? undefined : "Tag"
      })
      return row
    })
  )

export const outboxStoreSuite = <E>(name: string, stores: Layer.Layer<Stores, E>) =>
  withLayer(stores, { excludeTestServices: true, timeout: "60 seconds" })(`OutboxStore (${name})`, (it) => {
    it.effect("stores events in the order given, and gives them back as they were", () =>
      Effect.gen(function* () {
        const store = yield* OutboxStore
        const eventName = unique("order")
        const events = Array.from({ length: 20 }, (_, index) =>
          newEvent(eventName, {
            payload: `{"index":${index}}`,
            metadata: '{"m":true}',
            correlationId: "c",
            causationId: "d",
            schemaVersion: 3
          })
        )
        const appended = yield* store.append(events)
        assert.deepStrictEqual(
          appended.map((_) => _.id),
          events.map((_) => _.id)
        )
        assert.isTrue(appended.every((_, index) => index === 0 || _.position > (appended[index - 1]?.position ?? 0n)))
        assert.deepInclude(yield* store.findById(events[7]?.id ?? ""), {
          eventName,
          payload: { index: 7 },
          metadata: { m: true },
          correlationId: "c",
          causationId: "d",
          schemaVersion: 3,
          isRouted: true
        })
        assert.isUndefined(yield* store.findById(SecureRandom.uuidV7Unsafe()))
      })
    )

    it.effect("gives each consumer whose name or pattern matches one delivery, and only those", () =>
      Effect.gen(function* () {
        const store = yield* OutboxStore
        const inbox = yield* InboxStore
        const base = unique("match")
        yield* subscribe(`${base}.a_b`, "exact")
        yield* subscribe(`${base}.*`, "exact", "pattern")
        yield* subscribe(`${base}.a%`, "percent")
        yield* subscribe(`${base}.a*c`, "other")
        const [first, second] = yield* store.append([newEvent(`${base}.a_b`), newEvent(`${base}.axb`)])
        assert.deepStrictEqual(first?.consumers.toSorted(), ["exact", "pattern"])
        assert.deepStrictEqual(second?.consumers.toSorted(), ["exact", "pattern"])
        const deliveries = yield* inbox.findByEvent(first?.id ?? "")
        assert.deepStrictEqual(
          deliveries.map((_) => [_.consumer, _.status, _.isOpen, _.attemptCount]),
          [
            ["exact", "received", true, 0],
            ["pattern", "received", true, 0]
          ]
        )
        assert.notStrictEqual(deliveries[0]?.deliveryId, deliveries[1]?.deliveryId)
        // `_` is no wildcard: the consumer of a_b got axb through the pattern alone.
        yield* subscribe(`${base}-only.a_b`, "underscore")
        const [literal] = yield* store.append([newEvent(`${base}-only.axb`)])
        assert.deepStrictEqual(literal?.consumers, [])
      })
    )

    it.effect("an event nobody is interested in is processed at once", () =>
      Effect.gen(function* () {
        const store = yield* OutboxStore
        const [appended] = yield* store.append([newEvent(unique("nobody"))])
        assert.deepInclude(appended, { status: "processed", consumers: [] })
        const row = yield* store.findById(appended?.id ?? "")
        assert.strictEqual(row?.status, "processed")
        assert.isNotNull(row?.processedAt)
      })
    )

    it.effect("joins the caller's transaction and savepoint", () =>
      Effect.gen(function* () {
        const store = yield* OutboxStore
        const [kept, undone, lost] = [newEvent("kept"), newEvent("undone"), newEvent("lost")]
        const failing = (event: NewEvent) =>
          Effect.andThen(store.append([event]), Effect.fail("no")).pipe(Transactor.withTransaction, Effect.ignore)
        yield* Transactor.withTransaction(Effect.andThen(store.append([kept]), failing(undone)))
        yield* failing(lost)
        assert.isDefined(yield* store.findById(kept.id))
        assert.isUndefined(yield* store.findById(undone.id))
        assert.isUndefined(yield* store.findById(lost.id))
      })
    )

    it.effect("rolls an event up once all its deliveries are settled: dead letter before failed before processed", () =>
      Effect.gen(function* () {
        const store = yield* OutboxStore
        const outcomes = [
          [["processed", "processed"], "processed"],
          [["processed", "skipped"], "processed"],
          [["failed", "processed"], "failed"],
          [["failed", "dead_letter"], "dead_letter"]
        ] as const
        for (const [statuses, expected] of outcomes) {
          const eventName = unique("rolled")
          const consumers = statuses.map((_, index) => `${eventName}-${index}`)
          yield* subscribe(eventName, ...consumers)
          const event = newEvent(eventName)
          yield* store.append([event])
          const inbox = yield* InboxStore
          for (const [index, status] of statuses.entries()) {
            assert.strictEqual(yield* store.rollUp([event.id]), 0)
            assert.strictEqual((yield* store.findById(event.id))?.status, "pending")
            const consumer = consumers[index] ?? ""
            yield* settleNext(
              (limit) => inbox.claim({ consumer, interest: { names: [eventName], patterns: [] }, limit }),
              {
                status,
                ...(status === "processed" ? {} : { error: `${status} it was` })
              }
            )
          }
          assert.strictEqual(yield* store.rollUp([event.id]), 1)
          assert.deepInclude(yield* store.findById(event.id), { status: expected, attemptCount: 1 })
          assert.strictEqual(yield* store.rollUp([event.id]), 0)
        }
      })
    )

    it.effect("a delivery that waits for its retry keeps its event pending", () =>
      Effect.gen(function* () {
        const store = yield* OutboxStore
        const { claim, eventIds } = yield* withDeliveries(1)
        yield* settleNext(claim, { status: "failed", retryInMillis: 60_000, error: "later" })
        assert.strictEqual(yield* store.rollUp(eventIds), 0)
        assert.strictEqual((yield* store.findById(eventIds[0] ?? ""))?.status, "pending")
      })
    )

    it.effect("finds by position what a crash left without its final status", () =>
      Effect.gen(function* () {
        const store = yield* OutboxStore
        const { appended, claim, eventIds } = yield* withDeliveries(3)
        const before = (appended[0]?.position ?? 1n) - 1n
        yield* settleNext(claim, { status: "processed" })
        yield* settleNext(claim, { status: "dead_letter", error: "bad" })
        assert.strictEqual(yield* store.rollUpFrom(before, 1), 1)
        assert.strictEqual(yield* store.rollUpFrom(before, 100), 1)
        const statuses = yield* Effect.forEach(eventIds, (id) => Effect.map(store.findById(id), (row) => row?.status))
        assert.deepStrictEqual(statuses, ["processed", "dead_letter", "pending"])
      })
    )

    it.effect("counts events by status", () =>
      Effect.gen(function* () {
        const store = yield* OutboxStore
        const before = yield* store.countByStatus
        yield* withDeliveries(4)
        yield* store.append([newEvent(unique("counted"))])
        const after = yield* store.countByStatus
        assert.strictEqual((after.pending ?? 0) - (before.pending ?? 0), 4)
        assert.strictEqual((after.processed ?? 0) - (before.processed ?? 0), 1)
      })
    )
  })
