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

const state = (consumer: string, entityId: string, json: string, after?: bigint) => ({
  consumer,
  aggregate: entity(entityId),
  state: json,
  schemaVersion: 3,
  after
})

export const actorStore = [
  check(
    "a state is written after the revision that is stored, and only then",
    Effect.gen(function* () {
      const store = yield* ActorStore
      const consumer = unique("actor")
      assert.equal(yield* store.read(consumer, entity("a")), undefined)
      assert.equal(yield* store.write(state(consumer, "a", '{"n":0}', 1n)), false)
      assert.equal(yield* store.write(state(consumer, "a", '{"n":1}')), true)
      assert.equal(yield* store.write(state(consumer, "a", '{"n":2}')), false)
      assert.equal(yield* store.write(state(consumer, "a", '{"n":3}', 1n)), true)
      assert.equal(yield* store.write(state(consumer, "a", '{"n":4}', 1n)), false)
      assert.partialDeepStrictEqual(yield* store.read(consumer, entity("a")), {
        aggregate: entity("a"),
        state: { n: 3 },
        schemaVersion: 3,
        revision: 2n
      })
    })
  ),

  check(
    "states are told apart by consumer and every part of the aggregate, and listed in the order of their first write",
    Effect.gen(function* () {
      const store = yield* ActorStore
      const consumer = unique("listed")
      for (const id of ["b", "a", "c"]) yield* store.write(state(consumer, id, `"${id}"`))
      yield* store.write(state(consumer, "b", '"again"', 1n))
      yield* store.write(state(`${consumer}-other`, "b", '"other"'))
      yield* store.write({ ...state(consumer, "b", '"module"'), aggregate: { ...entity("b"), module: "another" } })
      const first = yield* store.list(consumer, 0n, 3)
      assert.deepEqual(
        first.map((row) => row.state),
        ["again", "a", "c"]
      )
      const rest = yield* store.list(consumer, first[2]?.position ?? 0n, 3)
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
      assert.equal(yield* store.write({ ...state(consumer, "", "null"), aggregate: longest }), true)
      assert.partialDeepStrictEqual(yield* store.read(consumer, longest), { aggregate: longest, state: null })
    })
  )
]
