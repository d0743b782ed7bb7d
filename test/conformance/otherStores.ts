/** What every store of links, settings and subscriptions, and every transactor, must do. */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { InboxStore, LinkStore, SettingStore, SubscriptionStore, Transactor } from "../../src/index.ts"
import { type Stores, settleNext, subscribe, unique, withDeliveries } from "./outboxStore.ts"

const options = { excludeTestServices: true, timeout: "60 seconds" } as const

const entity = (entityId: string, module = "links") => ({ module, entityType: "Thing", entityId })

export const linkStoreSuite = <E>(name: string, stores: Layer.Layer<LinkStore | Transactor, E>) =>
  withLayer(stores, options)(`LinkStore (${name})`, (it) => {
    it.effect("creating a link twice is one link, which keeps its metadata", () =>
      Effect.gen(function* () {
        const links = yield* LinkStore
        const link = { source: entity(unique("s")), target: entity(unique("t")), linkType: "cascade" } as const
        const first = yield* links.create({ ...link, metadata: { a: [1, null] } })
        assert.deepInclude(first, { ...link, metadata: { a: [1, null] } })
        const second = yield* links.create({ ...link, metadata: { b: 2 } })
        assert.deepStrictEqual(second, first)
        assert.deepStrictEqual(yield* links.findOutbound(link.source), [first])
        const other = yield* links.create({ ...link, linkType: "reference" })
        assert.notStrictEqual(other.id, first.id)
      })
    )

    it.effect("links are told apart by every part, however the parts are cut", () =>
      Effect.gen(function* () {
        const links = yield* LinkStore
        const base = unique("cut")
        const one = yield* links.create({ source: entity(`${base}ab`), target: entity("c"), linkType: "reference" })
        const two = yield* links.create({ source: entity(`${base}a`), target: entity("bc"), linkType: "reference" })
        assert.notStrictEqual(one.id, two.id)
      })
    )

    it.effect("finds links by source, target, type, and between two entities in both directions", () =>
      Effect.gen(function* () {
        const links = yield* LinkStore
        const [a, b, c] = [entity(unique("a")), entity(unique("b"), "other"), entity(unique("c"))]
        const ab = yield* links.create({ source: a, target: b, linkType: "cascade" })
        const ac = yield* links.create({ source: a, target: c, linkType: "aggregate_root" })
        const ba = yield* links.create({ source: b, target: a, linkType: "reference" })
        assert.deepStrictEqual(yield* links.findOutbound(a), [ab, ac])
        assert.deepStrictEqual(yield* links.findOutbound(a, { linkType: "cascade" }), [ab])
        assert.deepStrictEqual(yield* links.findInbound(a), [ba])
        assert.deepStrictEqual(yield* links.findInbound(c, { linkType: "cascade" }), [])
        assert.deepStrictEqual(yield* links.findBidirectional(a, b), [ab, ba])
        assert.deepStrictEqual(yield* links.findBidirectional(b, a), [ab, ba])
        assert.deepInclude(yield* links.findByLinkType("aggregate_root"), ac)
        assert.isTrue(yield* links.remove(ab.id))
        assert.isFalse(yield* links.remove(ab.id))
        assert.isFalse(yield* links.remove("no id"))
        assert.deepStrictEqual(yield* links.findBidirectional(a, b), [ba])
      })
    )

    it.effect("stores ids up to their limit, and refuses what cannot be stored", () =>
      Effect.gen(function* () {
        const links = yield* LinkStore
        const longest = { module: "😀".repeat(127), entityType: "é".repeat(127), entityId: "字".repeat(255) }
        const link = yield* links.create({ source: longest, target: longest, linkType: "reference" })
        assert.deepStrictEqual(link.source, longest)
        const bad = [
          entity(""),
          entity("x".repeat(256)),
          entity("a\u0000"),
          { ...entity("1"), module: "m".repeat(128) }
        ]
        for (const source of bad) {
          const refused = yield* Effect.flip(links.create({ source, target: longest, linkType: "reference" }))
          assert.strictEqual(refused._tag, "InvalidIdentifier")
          assert.strictEqual((yield* Effect.flip(links.findInbound(source)))._tag, "InvalidIdentifier")
        }
        const unknown = yield* Effect.flip(
          links.create({ source: longest, target: longest, linkType: "friend" as "reference" })
        )
        assert.strictEqual(
          unknown.message,
          'Invalid linkType of a link: "friend" is none of reference, cascade, aggregate_root. Nothing was written.'
        )
        const metadata = yield* Effect.flip(
          links.create({ source: longest, target: longest, linkType: "cascade", metadata: { a: "\u0000" } })
        )
        assert.include(metadata.message, "Invalid metadata of a link")
      })
    )

    it.effect("a link vanishes with its transaction", () =>
      Effect.gen(function* () {
        const links = yield* LinkStore
        const source = entity(unique("gone"))
        yield* links
          .create({ source, target: source, linkType: "reference" })
          .pipe(Effect.andThen(Effect.fail("no")), Transactor.withTransaction, Effect.ignore)
        assert.deepStrictEqual(yield* links.findOutbound(source), [])
      })
    )
  })

export const settingStoreSuite = <E>(name: string, stores: Layer.Layer<SettingStore, E>) =>
  withLayer(stores, options)(`SettingStore (${name})`, (it) => {
    it.effect("keeps any JSON value by key, and the history of its changes", () =>
      Effect.gen(function* () {
        const store = yield* SettingStore
        const key = unique("setting")
        for (const value of [1, "text", { a: [true] }, false]) {
          yield* store.set(key, value, "me")
          assert.deepStrictEqual((yield* store.all)[key], value)
        }
        yield* store.remove(key)
        yield* store.remove(key)
        assert.notProperty(yield* store.all, key)
        assert.deepStrictEqual(
          (yield* store.history(key)).map((_) => [_.previousValue, _.value, _.changedBy]),
          [
            [false, undefined, undefined],
            [{ a: [true] }, false, "me"],
            ["text", { a: [true] }, "me"],
            [1, "text", "me"],
            [undefined, 1, "me"]
          ]
        )
      })
    )
  })

export const subscriptionStoreSuite = <E>(name: string, stores: Layer.Layer<Stores, E>) =>
  withLayer(stores, options)(`SubscriptionStore (${name})`, (it) => {
    it.effect("registering again keeps the subscription and takes over its priority", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore
        const consumer = unique("again")
        yield* store.register([{ consumer, event: "a.*", priority: 1, ordering: "none" }])
        yield* store.register([
          { consumer, event: "a.*", priority: 2, ordering: "none" },
          { consumer, event: "b", priority: 0, ordering: "none" }
        ])
        yield* store.register([])
        assert.deepStrictEqual(
          (yield* store.all).filter((_) => _.consumer === consumer),
          [
            { consumer, event: "a.*", priority: 2 },
            { consumer, event: "b", priority: 0 }
          ]
        )
      })
    )

    it.effect("a sweep ends when nobody can publish past a subscription any more", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore
        yield* subscribe("swept", unique("swept"))
        const sweep: Effect.Effect<void, unknown> = Effect.flatMap(store.sweep, ({ isOpen }) =>
          isOpen ? sweep : Effect.void
        )
        yield* sweep
        assert.deepStrictEqual(yield* store.sweep, { consumers: [], isOpen: false })
      })
    )

    it.effect("lists and skips what is open of ended subscriptions, but not what another one still covers", () =>
      Effect.gen(function* () {
        const store = yield* SubscriptionStore
        const inbox = yield* InboxStore
        const { claim, consumer, eventIds, eventName } = yield* withDeliveries(3)
        yield* settleNext(claim, { status: "processed" })
        const all = { consumer, events: ["event*"], except: [] }
        assert.deepStrictEqual(
          (yield* store.open(all, 10)).map((_) => _.eventId),
          eventIds.slice(1)
        )
        assert.lengthOf(yield* store.open(all, 1), 1)
        assert.deepStrictEqual(yield* store.open({ ...all, except: [eventName] }, 10), [])
        assert.deepStrictEqual(yield* store.skipOpen({ ...all, except: [eventName] }), [])
        assert.deepStrictEqual((yield* store.skipOpen(all)).toSorted(), eventIds.slice(1).toSorted())
        assert.deepInclude((yield* inbox.findByEvent(eventIds[1] ?? ""))[0], { status: "skipped", isOpen: false })
        assert.strictEqual(yield* store.remove(consumer, ["event*"]), 0)
        assert.strictEqual(yield* store.remove(consumer, [eventName]), 1)
        assert.strictEqual(yield* store.remove(consumer, [eventName]), 0)
      })
    )
  })

export const transactorSuite = <E>(name: string, stores: Layer.Layer<Transactor | SettingStore, E>) =>
  withLayer(stores, options)(`Transactor (${name})`, (it) => {
    it.effect("commits on success, rolls back on failure, defect and interruption, and keeps the error", () =>
      Effect.gen(function* () {
        const store = yield* SettingStore
        const key = unique("tx")
        const ending = (end: Effect.Effect<unknown, unknown>) =>
          Effect.exit(Transactor.withTransaction(Effect.andThen(store.set(key, 1), end)))
        for (const end of [Effect.fail("mine"), Effect.die("bug"), Effect.interrupt]) {
          yield* ending(end)
          assert.notProperty(yield* store.all, key)
        }
        assert.strictEqual(yield* Effect.flip(Transactor.withTransaction(Effect.fail("mine"))), "mine")
        yield* ending(Effect.void)
        assert.property(yield* store.all, key)
      })
    )

    it.effect("runs what waits for the commit after it, in order, and drops what was rolled back", () =>
      Effect.gen(function* () {
        const transactor = yield* Transactor
        const log: Array<string> = []
        const later = (line: string) => transactor.afterCommit(Effect.sync(() => log.push(line)))
        assert.isFalse(yield* transactor.isOpen)
        yield* Transactor.withTransaction(
          Effect.gen(function* () {
            assert.isTrue(yield* transactor.isOpen)
            yield* later("first")
            yield* Effect.ignore(Transactor.withTransaction(Effect.andThen(later("undone"), Effect.fail("no"))))
            yield* Transactor.withTransaction(later("second"))
            log.push("inside")
          })
        )
        yield* Effect.ignore(Transactor.withTransaction(Effect.andThen(later("lost"), Effect.fail("no"))))
        yield* later("at once")
        assert.deepStrictEqual(log, ["inside", "first", "second", "at once"])
      })
    )

    it.effect("a limit for lock waits and a check of constraints do no harm", () =>
      Effect.gen(function* () {
        const transactor = yield* Transactor
        yield* Transactor.withTransaction(Effect.andThen(transactor.limitLockWait(20), transactor.checkConstraints))
      })
    )
  })
