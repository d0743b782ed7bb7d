/** The tree an event belongs to. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import {
  Consumer,
  DomainEvent,
  Lineage,
  LinkStore,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

const settled = (id: string) => Processor.use((processor) => processor.settled(id))

/** Names and causes of a tree, as nested lists. */
const shapeOf = ({ caused, name }: Lineage.Node): ReadonlyArray<unknown> => [
  name.split(".").at(-1),
  ...caused.map(shapeOf)
]

const foreign = (name: string, id: string, causationId: string | undefined) => ({
  ...{ source: "bridge", messageId: id, origin: "other-service", id, eventName: name, sourceModule: "other" },
  ...{ aggregateType: "Thing", aggregateId: "1", payload: { n: 1 } },
  ...(causationId === undefined ? {} : { causationId })
})

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  withLayer(runtime({ settings: unpolled }), { excludeTestServices: true, timeout: "120 seconds" })("lineage", (it) => {
    it.effect("a tree has events, deliveries, failed attempts and links, from wherever it is asked for", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("tree")
        const Last = eventsOf("tree-last").Happened
        let attempts = 0
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("tree-one", { retryBaseDelay: "100 millis" }),
            event: Happened,
            handler: Effect.fnUntraced(function* ({ aggregate }) {
              if (++attempts === 1) return yield* Effect.fail("not yet")
              yield* Publisher.publish(Followed, { n: 1 })
              yield* Publisher.publish(Followed, { n: 2 })
              yield* LinkStore.create({
                source: aggregate,
                target: { module: "other", entityType: "Copy", entityId: "tree" },
                linkType: "reference"
              })
            })
          }),
          Subscriber.make({
            consumer: "tree-two",
            event: Followed,
            handler: Effect.fnUntraced(function* ({ payload }) {
              if (payload.n > 1) return yield* Subscriber.skip("not this one")
              yield* Publisher.publish(Last, { n: 10 })
            })
          })
        )
        const first = yield* Publisher.publish(Happened, { n: 0 })
        yield* settled(first.id)
        const followed = yield* OutboxStore.use((outbox) => outbox.findByName(Followed.name, 0n, 10))
        for (const { id } of followed) yield* settled(id)
        const tree = yield* Lineage.of(first.id)
        assert.deepStrictEqual(shapeOf(tree.root), ["happened", ["followed", ["happened"]], ["followed"]])
        assert.deepStrictEqual(
          [tree.size, tree.isCut, tree.unknownCause, tree.root.correlationId, tree.root.origin],
          [4, false, undefined, undefined, undefined]
        )
        assert.isAbove(tree.lookedUntil.getTime(), Date.now() + 23 * 3_600_000)
        const [delivery] = tree.root.deliveries
        assert.deepStrictEqual(
          [delivery?.consumer, delivery?.status, delivery?.attemptCount, delivery?.isOpen],
          ["tree-one", "processed", 2, false]
        )
        assert.deepStrictEqual(
          delivery?.failedAttempts.map(({ attempt, outcome }) => [attempt, outcome]),
          [[1, "retry"]]
        )
        assert.deepStrictEqual(
          tree.root.links.map(({ target }) => target.entityId),
          ["tree"]
        )
        assert.deepStrictEqual(
          tree.root.caused.map(({ causationId, correlationId, deliveries }) => [
            causationId,
            correlationId,
            deliveries[0]?.status
          ]),
          [
            [first.id, first.id, "processed"],
            [first.id, first.id, "skipped"]
          ]
        )
        const leaf = tree.root.caused[0]?.caused[0]?.id ?? ""
        assert.deepStrictEqual((yield* Lineage.of(leaf)).root, tree.root)
        // What it is told not to look at is not there.
        const near = yield* Lineage.of(first.id, { limit: 1 })
        assert.deepStrictEqual([near.size, near.isCut], [1, true])
      })
    )

    it.effect("a tree ends with an open end at other services, and where causes go in a circle it says so", () =>
      Effect.gen(function* () {
        const [a, b, c, theirs] = Array.from({ length: 4 }, () => crypto.randomUUID()) as [
          string,
          string,
          string,
          string
        ]
        yield* Publisher.import(foreign("circle.open", c, theirs.toUpperCase()))
        const open = yield* Lineage.of(c)
        assert.deepStrictEqual([open.root.id, open.unknownCause, open.root.origin], [c, theirs, "other-service"])
        // a follows from b, and b from a; c2 follows from b.
        yield* Publisher.import(foreign("circle.a", a, b))
        yield* Publisher.import(foreign("circle.b", b, a))
        for (const id of [a, b]) {
          const tree = yield* Lineage.of(id)
          const [root, other] = id === a ? [b, a] : [a, b]
          assert.deepStrictEqual([tree.root.id, tree.size, tree.unknownCause], [root, 2, undefined])
          assert.deepStrictEqual(
            tree.root.caused.map((node) => [node.id, node.caused, node.repeats]),
            [[other, [], [root]]]
          )
        }
        const self = crypto.randomUUID()
        yield* Publisher.import(foreign("circle.self", self, self))
        assert.deepStrictEqual((yield* Lineage.of(self)).root.repeats, [self])
      })
    )

    it.effect("ten thousand events of one cause are a bounded answer that says there are more", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("tree-wide")
        const cause = yield* Publisher.publish(Happened, { n: 0 })
        yield* Publisher.publishAll(
          Array.from({ length: 10_000 }, (_, n) => DomainEvent.publication(Followed, { n }, { cause }))
        )
        const tree = yield* Lineage.of(cause.id)
        assert.deepStrictEqual([tree.size, tree.isCut, tree.root.caused.length], [1000, true, 999])
        const [last] = yield* OutboxStore.use((outbox) => outbox.findByName(Followed.name, 0n, 10_000)).pipe(
          Effect.map((rows) => rows.slice(-1))
        )
        // The event that was asked about is always there.
        const around = yield* Lineage.of(last?.id ?? "", { limit: 10 })
        assert.deepStrictEqual([around.size, around.root.caused.some(({ id }) => id === last?.id)], [10, true])
        const all = yield* Lineage.of(cause.id, { limit: 10_000 })
        assert.deepStrictEqual([all.size, all.isCut], [10_000, true])
      })
    )

    it.effect("a long chain is followed to its end, and a branch to its root", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("tree-deep")
        let cause: DomainEvent.Stored | undefined
        for (let n = 0; n < 300; n++) {
          cause = yield* Publisher.publish(Happened, { n }, cause === undefined ? {} : { cause })
        }
        const tree = yield* Lineage.of(cause?.id ?? "")
        assert.deepStrictEqual([tree.size, tree.isCut], [300, false])
        const cut = yield* Lineage.of(cause?.id ?? "", { limit: 100 })
        assert.deepStrictEqual([cut.size, cut.isCut], [100, true])
      })
    )

    it.effect("what is not there, or cannot be asked, is refused", () =>
      Effect.gen(function* () {
        for (const id of ["", "no id", crypto.randomUUID()]) {
          assert.strictEqual((yield* Effect.flip(Lineage.of(id)))._tag, "EventNotFound")
        }
        const { Happened } = eventsOf("tree-options")
        const { id } = yield* Publisher.publish(Happened, { n: 1 })
        for (const options of [
          { limit: 0 },
          { limit: 1.5 },
          { limit: 10_001 },
          { span: "forever" },
          { span: -1 },
          { depth: 1 }
        ]) {
          const error = yield* Effect.flip(Lineage.of(id, options as Lineage.Options))
          assert.match(error.message, /Lineage\.of/)
        }
      })
    )
  })
})
