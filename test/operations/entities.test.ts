/** Entities across modules: what they are linked with, and what happened to them. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import {
  type DomainEvent,
  Entities,
  LinkStore,
  type Moment,
  Processor,
  Publisher,
  Subscriber
} from "../../src/index.ts"
import { unique } from "../../src/testing/conformance/support.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

const entity = (entityId: string, module = "graph") => ({ module, entityType: "Thing", entityId })

const link = (source: string, target: string) =>
  LinkStore.create({ source: entity(source), target: entity(target, "graph"), linkType: "reference" })

const graph = (...given: Parameters<Entities["Service"]["graph"]>) => Entities.use((_) => _.graph(...given))

const life = (...given: Parameters<Entities["Service"]["life"]>) => Entities.use((_) => _.life(...given))

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  withLayer(runtime({ settings: unpolled }), { excludeTestServices: true, timeout: "120 seconds" })(
    "entities",
    (it) => {
      it.effect("a graph goes as many links far as asked for, once through circles", () =>
        Effect.gen(function* () {
          const base = unique("chain")
          const names = ["a", "b", "c", "d", "e"].map((name) => `${base}-${name}`)
          const [a = "", b = "", c = "", d = "", e = ""] = names
          const made = [yield* link(a, b), yield* link(c, b), yield* link(c, d), yield* link(d, e), yield* link(d, a)]
          const shown = Effect.fnUntraced(function* (start: string, hops: 1 | 2 | 3) {
            const { entities, isComplete, links } = yield* graph(entity(start), { hops })
            return [
              Object.fromEntries(entities.map((each) => [each.entity.entityId.slice(base.length + 1), each.hops])),
              links.map(({ id }) => made.findIndex((each) => each.id === id)).toSorted(),
              isComplete
            ]
          })
          assert.deepStrictEqual(yield* shown(b, 1), [{ b: 0, a: 1, c: 1 }, [0, 1], true])
          assert.deepStrictEqual(yield* shown(b, 2), [{ b: 0, a: 1, c: 1, d: 2 }, [0, 1, 2, 4], true])
          assert.deepStrictEqual(yield* shown(b, 3), [{ b: 0, a: 1, c: 1, d: 2, e: 3 }, [0, 1, 2, 3, 4], true])
          assert.deepStrictEqual(yield* shown(e, 1), [{ e: 0, d: 1 }, [3], true])
          const alone = yield* graph(entity(unique("alone")), { hops: 3 })
          assert.deepStrictEqual([alone.entities.length, alone.links, alone.isComplete], [1, [], true])
          const cut = yield* graph(entity(b), { hops: 3, limit: 3 })
          assert.deepStrictEqual([cut.entities.length, cut.isComplete], [3, false])
          assert.isTrue(
            cut.links.every(({ source, target }) =>
              [source, target].every((end) => cut.entities.some((each) => each.entity.entityId === end.entityId))
            )
          )
        })
      )

      it.effect("of an entity with many links the latest are followed, page by page all are told", () =>
        Effect.gen(function* () {
          const hub = unique("hub")
          const made = []
          for (let n = 0; n < 60; n++)
            made.push((yield* n % 2 === 0 ? link(hub, `${hub}-${n}`) : link(`${hub}-${n}`, hub)).id)
          const some = yield* graph(entity(hub), { limit: 10 })
          assert.deepStrictEqual([some.entities.length, some.links.length, some.isComplete], [10, 9, false])
          assert.includeMembers(
            made.slice(-20),
            some.links.map(({ id }) => id)
          )
          const all = yield* graph(entity(hub))
          assert.deepStrictEqual([all.entities.length, all.links.length, all.isComplete], [61, 60, true])
          const pages: Array<string> = []
          for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
            const page: { links: ReadonlyArray<{ id: string }>; next: string | undefined } = yield* Entities.use((_) =>
              _.links(entity(hub), { limit: 25, ...(after === undefined ? {} : { after }) })
            )
            pages.push(...page.links.map(({ id }) => id))
            after = page.next
          }
          assert.deepStrictEqual(pages, made)
        })
      )

      it.effect("a life has events, ends of deliveries and links, of those around too, in the order of time", () =>
        Effect.gen(function* () {
          const { Followed, Happened } = eventsOf(unique("life"))
          const consumer = unique("operations")
          yield* serve(
            Subscriber.make({
              consumer,
              event: Happened,
              handler: Effect.fnUntraced(function* ({ aggregate }) {
                yield* LinkStore.create({
                  source: aggregate,
                  target: { ...aggregate, entityId: "thing-2002" },
                  linkType: "cascade"
                })
                yield* Publisher.publish(Followed, { n: 2002 })
              })
            })
          )
          const first = yield* Publisher.publish(Happened, { n: 1001 })
          yield* Processor.use((_) => _.settled(first.id))
          const own = first.aggregate
          const alone = yield* life(own)
          assert.deepStrictEqual(alone.moments.map(({ kind }) => kind).toSorted(), ["delivery", "event", "link"])
          assert.strictEqual(alone.moments[0]?.kind, "event")
          assert.deepStrictEqual([alone.next, alone.isComplete], [undefined, true])
          const delivery = alone.moments.find((moment) => moment.kind === "delivery")
          assert.deepStrictEqual(
            [delivery?.consumer, delivery?.status, delivery?.eventId, delivery?.lastError],
            [consumer, "processed", first.id, null]
          )
          const both = yield* life(own, { hops: 1 })
          assert.includeMembers(
            both.moments.map((moment) => (moment.kind === "link" ? "link" : moment.eventName)),
            [Happened.name, Followed.name, "link"]
          )
          const times = both.moments.map(({ at }) => at.getTime())
          assert.deepStrictEqual(
            times,
            times.toSorted((a, b) => a - b)
          )
          const pages: Array<Moment> = []
          for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
            const part: Effect.Success<ReturnType<typeof life>> = yield* life(own, {
              ...{ hops: 1, limit: 1 },
              ...(after === undefined ? {} : { after })
            })
            pages.push(...part.moments)
            after = part.next
          }
          assert.deepStrictEqual(pages, both.moments)
        })
      )

      it.effect("what is out of its range, misspelt, no cursor or no entity is refused", () =>
        Effect.gen(function* () {
          const some = entity("1")
          const wrong = (effect: Effect.Effect<unknown, { readonly _tag: string }, Entities>) =>
            Effect.map(Effect.flip(effect), ({ _tag }) => _tag)
          const links = (options: unknown) => Entities.use((_) => _.links(some, options as never))
          for (const options of [
            { limit: 0 },
            { limit: 201 },
            { after: "x" },
            { after: "-1" },
            { after: "1".repeat(30) }
          ]) {
            assert.strictEqual(yield* wrong(links(options)), "InvalidOption")
          }
          assert.strictEqual(yield* wrong(links({ hops: 1 })), "UnsupportedOption")
          assert.strictEqual(yield* wrong(graph(some, { hops: 4 as 3 })), "InvalidOption")
          assert.strictEqual(yield* wrong(graph(some, { hops: 0 as 1 })), "InvalidOption")
          assert.strictEqual(yield* wrong(life(some, { hops: 2 as 1 })), "InvalidOption")
          for (const after of ["", "1/0", "1/3/00000000-0000-0000-0000-000000000000", "x/0/0"]) {
            assert.strictEqual(yield* wrong(life(some, { after })), "InvalidOption")
          }
          for (const bad of [{ ...some, entityId: "" }, { ...some, module: "\u0000" }, null]) {
            assert.strictEqual(yield* wrong(graph(bad as DomainEvent.Entity)), "InvalidIdentifier")
          }
        })
      )
    }
  )
})
