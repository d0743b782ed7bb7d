/**
 * What every store of actors' states must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { ActorStore } from "../../stores/ActorStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { unique } from "./support.ts"

const check = checkOf("ActorStore")

const entity = (entityId: string) => ({ module: "conformance", entityType: "Thing", entityId })

const state = (consumer: string, entityId: string, json: string, after?: string) => ({
  consumer,
  aggregate: entity(entityId),
  state: json,
  schemaVersion: 3,
  after
})

export const actorStore = [
  check(
    "a state is written after the version that is stored, and only then; no version comes again",
    Effect.gen(function* () {
      const store = yield* ActorStore
      const consumer = unique("actor")
      const write = (json: string, after?: string) => store.write(state(consumer, "a", json, after))
      assert.equal(yield* store.read(consumer, entity("a")), undefined)
      assert.equal(yield* write('{"n":0}', "another"), undefined)
      const first = yield* write('{"n":1}')
      assert.equal(yield* write('{"n":2}'), undefined)
      const second = yield* write('{"n":3}', first?.version)
      assert.equal(yield* write('{"n":4}', first?.version), undefined)
      assert.partialDeepStrictEqual(yield* store.read(consumer, entity("a")), {
        aggregate: entity("a"),
        state: { n: 3 },
        schemaVersion: 3,
        revision: 2n,
        version: second?.version
      })
      // Also within one transaction, and when nothing else changes.
      const [third, fourth] = yield* Effect.gen(function* () {
        const written = yield* write('{"n":3}', second?.version)
        return [written, yield* write('{"n":3}', written?.version)]
      }).pipe(Transactor.withTransaction)
      const versions = [first, second, third, fourth].map((_) => _?.version)
      assert.equal(new Set(versions).size, 4)
      assert.equal(versions.includes(undefined), false)
    })
  ),

  check(
    "states are told apart by consumer and every part of the aggregate, and listed in the order of their first write",
    Effect.gen(function* () {
      const store = yield* ActorStore
      const consumer = unique("listed")
      const first = yield* store.write(state(consumer, "b", '"b"'))
      for (const id of ["a", "c"]) yield* store.write(state(consumer, id, `"${id}"`))
      yield* store.write(state(consumer, "b", '"again"', first?.version))
      yield* store.write(state(`${consumer}-other`, "b", '"other"'))
      yield* store.write({ ...state(consumer, "b", '"module"'), aggregate: { ...entity("b"), module: "another" } })
      const page = yield* store.list(consumer, 0n, 3)
      assert.deepEqual(
        page.map((row) => row.state),
        ["again", "a", "c"]
      )
      const rest = yield* store.list(consumer, page[2]?.position ?? 0n, 3)
      assert.deepEqual(
        rest.map((row) => [row.state, row.aggregate.module]),
        [["module", "another"]]
      )
    })
  ),

  check(
    "a state vanishes with its transaction",
    Effect.gen(function* () {
      const store = yield* ActorStore
      const consumer = unique("gone")
      yield* store
        .write(state(consumer, "a", "1"))
        .pipe(Effect.andThen(Effect.fail("no")), Transactor.withTransaction, Effect.ignore)
      assert.equal(yield* store.read(consumer, entity("a")), undefined)
    })
  ),

  check(
    "ids may be as long as their limit",
    Effect.gen(function* () {
      const store = yield* ActorStore
      const consumer = unique("😀".repeat(200))
      const longest = { module: "😀".repeat(127), entityType: "é".repeat(127), entityId: "字".repeat(255) }
      assert.ok(yield* store.write({ ...state(consumer, "", "null"), aggregate: longest }))
      assert.partialDeepStrictEqual(yield* store.read(consumer, longest), { aggregate: longest, state: null })
    })
  )
]
