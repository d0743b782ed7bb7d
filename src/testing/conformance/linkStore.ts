/**
 * What every link store must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { LinkStore } from "../../stores/LinkStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { unique } from "./support.ts"

const entity = (entityId: string, module = "links") => ({ module, entityType: "Thing", entityId })

const check = checkOf("LinkStore")

export const linkStore = [
  check(
    "creating a link twice is one link, which keeps its metadata",
    Effect.gen(function* () {
      const links = yield* LinkStore
      const link = { source: entity(unique("s")), target: entity(unique("t")), linkType: "cascade" } as const
      const first = yield* links.create({ ...link, metadata: { a: [1, null] } })
      assert.partialDeepStrictEqual(first, { ...link, metadata: { a: [1, null] } })
      const second = yield* links.create({ ...link, metadata: { b: 2 } })
      assert.deepEqual(second, first)
      assert.deepEqual(yield* links.findOutbound(link.source), [first])
      const other = yield* links.create({ ...link, linkType: "reference" })
      assert.notEqual(other.id, first.id)
    })
  ),

  check(
    "links are told apart by every part, however the parts are cut",
    Effect.gen(function* () {
      const links = yield* LinkStore
      const base = unique("cut")
      const one = yield* links.create({ source: entity(`${base}ab`), target: entity("c"), linkType: "reference" })
      const two = yield* links.create({ source: entity(`${base}a`), target: entity("bc"), linkType: "reference" })
      assert.notEqual(one.id, two.id)
    })
  ),

  check(
    "finds links by source, target, type, and between two entities in both directions",
    Effect.gen(function* () {
      const links = yield* LinkStore
      const [a, b, c] = [entity(unique("a")), entity(unique("b"), "other"), entity(unique("c"))]
      const ab = yield* links.create({ source: a, target: b, linkType: "cascade" })
      const ac = yield* links.create({ source: a, target: c, linkType: "aggregate_root" })
      const ba = yield* links.create({ source: b, target: a, linkType: "reference" })
      assert.deepEqual(yield* links.findOutbound(a), [ab, ac])
      assert.deepEqual(yield* links.findOutbound(a, { linkType: "cascade" }), [ab])
      assert.deepEqual(yield* links.findInbound(a), [ba])
      assert.deepEqual(yield* links.findInbound(c, { linkType: "cascade" }), [])
      assert.deepEqual(yield* links.findBidirectional(a, b), [ab, ba])
      assert.deepEqual(yield* links.findBidirectional(b, a), [ab, ba])
      assert.deepEqual(yield* links.findConnected([c, a, a], 10), [ab, ac, ba])
      assert.deepEqual(yield* links.findConnected([b], 10), [ab, ba])
      assert.deepEqual(yield* links.findConnected([a], 2), [ac, ba])
      assert.deepEqual(yield* links.findConnected([], 2), [])
      const roots = yield* links.findByLinkType("aggregate_root")
      assert.deepEqual(
        roots.find((link) => link.id === ac.id),
        ac
      )
      assert.deepEqual(yield* links.findById(ab.id), ab)
      assert.equal(yield* links.findById("no id"), undefined)
      assert.equal(yield* links.countFromModule(unique("nobody")), 0)
      assert.ok((yield* links.countFromModule(a.module)) >= 3)
      assert.equal(yield* links.remove(ab.id), true)
      assert.equal(yield* links.remove(ab.id), false)
      assert.equal(yield* links.findById(ab.id), undefined)
      assert.equal(yield* links.remove("no id"), false)
      assert.deepEqual(yield* links.findBidirectional(a, b), [ba])
    })
  ),

  check(
    "stores ids up to their limit, and refuses what cannot be stored",
    Effect.gen(function* () {
      const links = yield* LinkStore
      const longest = { module: "😀".repeat(127), entityType: "é".repeat(127), entityId: "字".repeat(255) }
      const link = yield* links.create({ source: longest, target: longest, linkType: "reference" })
      assert.deepEqual(link.source, longest)
      const bad = [entity(""), entity("x".repeat(256)), entity("a\u0000"), { ...entity("1"), module: "m".repeat(128) }]
      for (const source of bad) {
        const refused = yield* Effect.flip(links.create({ source, target: longest, linkType: "reference" }))
        assert.equal(refused._tag, "InvalidIdentifier")
        assert.equal((yield* Effect.flip(links.findInbound(source)))._tag, "InvalidIdentifier")
      }
      const unknown = yield* Effect.flip(
        links.create({ source: longest, target: longest, linkType: "friend" as "reference" })
      )
      assert.equal(
        unknown.message,
        'Invalid linkType of a link: "friend" is none of reference, cascade, aggregate_root. Nothing was written.'
      )
      const metadata = yield* Effect.flip(
        links.create({ source: longest, target: longest, linkType: "cascade", metadata: { a: "\u0000" } })
      )
      assert.ok(metadata.message.includes("Invalid metadata of a link"))
    })
  ),

  check(
    "gives the links of an entity page by page, and the latest around several",
    Effect.gen(function* () {
      const links = yield* LinkStore
      const [hub, other] = [entity(unique("hub")), entity(unique("other"), "other")]
      const made = []
      for (let n = 0; n < 5; n++) {
        const end = entity(`${hub.entityId}-${n}`)
        const [source, target] = n % 2 === 0 ? [hub, end] : [end, hub]
        made.push(yield* links.create({ source, target, linkType: "reference" }))
      }
      made.push(yield* links.create({ source: hub, target: hub, linkType: "cascade" }))
      made.push(yield* links.create({ source: other, target: hub, linkType: "cascade" }))
      const first = yield* links.page(hub, undefined, 3)
      assert.deepEqual(first.links, made.slice(0, 3))
      const second = yield* links.page(hub, first.next, 3)
      assert.deepEqual(second.links, made.slice(3, 6))
      assert.deepEqual(yield* links.page(hub, second.next, 3), { links: made.slice(6), next: undefined })
      assert.deepEqual(yield* links.page(entity(unique("nobody")), undefined, 3), { links: [], next: undefined })
      assert.deepEqual(yield* links.around([hub, other, hub], 10), { links: made, isCut: false })
      // Of each end the latest: 4 and the one to itself leave, that one and the one from the other arrive.
      assert.deepEqual(yield* links.around([hub], 2), { links: made.slice(4), isCut: true })
      assert.deepEqual(yield* links.around([other], 1), { links: made.slice(6), isCut: false })
      assert.deepEqual(yield* links.around([], 2), { links: [], isCut: false })
    })
  ),

  check(
    "a link vanishes with its transaction",
    Effect.gen(function* () {
      const links = yield* LinkStore
      const source = entity(unique("gone"))
      yield* links
        .create({ source, target: source, linkType: "reference" })
        .pipe(Effect.andThen(Effect.fail("no")), Transactor.withTransaction, Effect.ignore)
      assert.deepEqual(yield* links.findOutbound(source), [])
    })
  )
]
