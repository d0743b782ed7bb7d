/** Messages of other services become events, each once. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import {
  Consumer,
  type ForeignEvent,
  InboxStore,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, type Thing, unpolled } from "../support/scenario.ts"

const message = (event: Thing, messageId: string, more: Partial<ForeignEvent> = {}): ForeignEvent => ({
  source: `queue of ${event.name}`,
  messageId,
  eventName: event.name,
  sourceModule: "shop",
  aggregateType: "Order",
  aggregateId: "1",
  payload: { n: 1 },
  ...more
})

const countOf = (event: Thing) =>
  OutboxStore.use((outbox) => Effect.map(outbox.findByName(event.name, 0n, 1000), ({ length }) => length))

describe.each(runtimes)("on $name", ({ isServer, layer: runtime }) => {
  withLayer(runtime({ settings: { ...unpolled, retentionHours: 1 }, inheritMetadata: ["tenantId"] }), {
    excludeTestServices: true,
    timeout: "60 seconds"
  })("imports", (it) => {
    it.effect("a message is an event with the sender's lineage, its id among it, and is delivered", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("import-lineage")
        const seen: Array<unknown> = []
        yield* serve(
          Subscriber.make({
            consumer: "import-lineage",
            event: Happened,
            handler: ({ causationId, correlationId, id, metadata }) =>
              Effect.sync(() => seen.push({ causationId, correlationId, id, metadata }))
          })
        )
        const id = crypto.randomUUID()
        const trace = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`
        const imported = yield* Publisher.import(
          message(Happened, "m-1", {
            ...{ id: id.toUpperCase(), origin: "shop-service", occurredAt: "2026-01-02T03:04:05Z", traceparent: trace },
            ...{ causationId: "theirs", metadata: { tenantId: "t", origin: "spoofed" } }
          })
        )
        assert.deepStrictEqual(imported, { eventId: id, isDuplicate: false, consumers: ["import-lineage"] })
        yield* Processor.use((processor) => processor.settled(id))
        const origin = { service: "shop-service", source: "queue of import-lineage.happened", messageId: "m-1" }
        const metadata = { tenantId: "t", origin: { ...origin, occurredAt: "2026-01-02T03:04:05.000Z" } }
        assert.deepStrictEqual(seen, [{ causationId: "theirs", correlationId: id, id, metadata }])
        const row = yield* OutboxStore.use((outbox) => outbox.findById(id))
        assert.deepStrictEqual([row?.origin, row?.traceparent], ["shop-service", trace])
      })
    )

    it.effect("the same message is stored once, alone, in a list, and by many at once", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("import-once")
        const ids = ["a", "b", "c"]
        const all = ids.map((id) => message(Happened, id))
        const results = yield* Effect.all(
          Array.from({ length: 12 }, (_, n) =>
            n % 2 === 0
              ? Publisher.importAll(n % 4 === 0 ? all : all.toReversed())
              : Publisher.import(all[n % 3] ?? all[0]!)
          ),
          { concurrency: isServer ? "unbounded" : 1 }
        )
        const imported = results.flat()
        assert.strictEqual(imported.filter(({ isDuplicate }) => !isDuplicate).length, 3)
        assert.strictEqual(new Set(imported.map(({ eventId }) => eventId)).size, 3)
        assert.strictEqual(yield* countOf(Happened), 3)
      })
    )

    it.effect("it is known again long after its event has been removed", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("import-forgotten")
        const first = yield* Publisher.import(message(Happened, "m-1"))
        yield* Effect.sleep(20)
        yield* OutboxStore.use((outbox) =>
          outbox.removeSettled({ after: undefined, limit: 1000, hours: 0, deadLetterHours: undefined })
        )
        assert.strictEqual(yield* countOf(Happened), 0)
        // What the settings say is not that long yet.
        yield* Processor.use((processor) => processor.removeExpired)
        const again = yield* Publisher.import(message(Happened, "m-1"))
        assert.deepStrictEqual(again, { eventId: first.eventId, isDuplicate: true, consumers: [] })
        assert.strictEqual(yield* countOf(Happened), 0)
      })
    )

    it.effect("what is imported in a transaction, or by a leased handler, is stored with it or not at all", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("import-joined")
        const undone = Effect.andThen(Publisher.import(message(Followed, "1")), Effect.fail("no"))
        yield* Effect.flip(Transactor.withTransaction(undone))
        assert.strictEqual(yield* countOf(Followed), 0)
        let attempts = 0
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("import-joined", { mode: "leased", retryBaseDelay: "100 millis" }),
            event: Happened,
            handler: Effect.fnUntraced(function* () {
              const { isDuplicate } = yield* Publisher.import(message(Followed, "1", { metadata: { tenantId: "own" } }))
              assert.strictEqual(isDuplicate, false)
              assert.strictEqual(yield* countOf(Followed), 0)
              if (++attempts === 1) return yield* Effect.fail("not yet")
            })
          })
        )
        const { id } = yield* Publisher.publish(Happened, { n: 1 }, { metadata: { tenantId: "ours" } })
        yield* Processor.use((processor) => processor.settled(id))
        const [row, ...others] = yield* OutboxStore.use((outbox) => outbox.findByName(Followed.name, 0n, 10))
        assert.deepStrictEqual(others, [])
        // Its lineage is the sender's, not that of the handler which received it.
        assert.deepStrictEqual(
          [attempts, row?.causationId, row?.correlationId, JSON.stringify(row?.metadata).includes('"tenantId":"own"')],
          [2, null, null, true]
        )
      })
    )

    it.effect("an event of ours that comes back is not stored again; its id for another name is refused", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("import-back")
        const ours = yield* Publisher.publish(Happened, { n: 1 })
        const back = yield* Publisher.import(message(Happened, "1", { id: ours.id }))
        assert.deepStrictEqual(back, { eventId: ours.id, isDuplicate: true, consumers: [] })
        const other = message(Followed, "2", { id: ours.id })
        const error = yield* Effect.flip(Publisher.importAll([message(Followed, "1"), other]))
        assert.strictEqual(
          error.message,
          `Invalid id of imported event "import-back.followed": is ${ours.id}, which an event of another name has here already. Nothing was written.`
        )
        assert.deepStrictEqual([yield* countOf(Happened), yield* countOf(Followed)], [1, 0])
        const id = crypto.randomUUID()
        const both = [message(Happened, "3", { id }), message(Followed, "3", { id: id.toUpperCase() })]
        assert.match((yield* Effect.flip(Publisher.importAll(both))).message, /in the same list/)
        assert.deepStrictEqual([yield* countOf(Happened), yield* countOf(Followed)], [1, 0])
      })
    )

    it.effect("what cannot be stored is refused with a reason, and nothing is written", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("import-wrong")
        const wrong: ReadonlyArray<readonly [object, RegExp]> = [
          [{ source: "" }, /source of imported event "import-wrong\.happened": is empty/],
          [{ messageId: "x".repeat(256) }, /messageId .* has 256 characters/],
          [{ messageId: 5 }, /messageId .* expected a string/],
          [{ origin: "\u0000" }, /origin .* contains \\u0000/],
          [{ id: "order-1" }, /id .* is "order-1", not a UUID/],
          [{ occurredAt: "yesterday" }, /occurredAt of imported event/],
          [{ causationId: "" }, /causationId .* is empty/],
          [{ correlationId: "x".repeat(256) }, /correlationId/],
          [{ eventName: "a*" }, /contains \*/],
          [{ payload: Number.NaN }, /payload/],
          [{ metadata: "text" }, /metadata/],
          [{ dedupeKey: "x" }, /dedupeKey/],
          [{ cause: { id: "x" } }, /cause/]
        ]
        for (const [more, words] of wrong) {
          const list = [message(Happened, "good"), message(Happened, "bad", more as Partial<ForeignEvent>)]
          assert.match((yield* Effect.flip(Publisher.importAll(list))).message, words)
        }
        assert.strictEqual(yield* countOf(Happened), 0)
        // A trace that is none is left out.
        const imported = yield* Publisher.import(message(Happened, "good", { traceparent: "none" }))
        assert.strictEqual((yield* OutboxStore.use((outbox) => outbox.findById(imported.eventId)))?.traceparent, null)
        assert.deepStrictEqual(yield* Publisher.importAll([]), [])
      })
    )

    it.effect("a long list is stored in its order, with one delivery each", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("import-list")
        yield* serve(Subscriber.make({ consumer: "import-list", event: Happened, handler: () => Effect.void }))
        const list = Array.from({ length: 2500 }, (_, n) =>
          message(Happened, String((n * 7919) % 2500), { payload: { n } })
        )
        const imported = yield* Publisher.importAll(list)
        assert.strictEqual(
          imported.every(({ isDuplicate }) => !isDuplicate),
          true
        )
        const rows: Array<number> = []
        for (let position = 0n; ; ) {
          const page = yield* OutboxStore.use((outbox) => outbox.findByName(Happened.name, position, 1000))
          rows.push(...page.map(({ payload }) => (payload as { readonly n: number }).n))
          if (page.length < 1000) break
          position = page.at(-1)?.position ?? 0n
        }
        assert.deepStrictEqual(
          rows,
          list.map((_, n) => n)
        )
        yield* Processor.use((processor) => processor.drain)
        const open = yield* InboxStore.use((inbox) => inbox.hasOpen(["import-list"]))
        assert.strictEqual(open, false)
      })
    )
  })
})
