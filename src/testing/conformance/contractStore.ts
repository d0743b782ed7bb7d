/**
 * What every contract store must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { type Contract, ContractStore } from "../../stores/ContractStore.ts"
import { checkOf } from "./Check.ts"
import { unique } from "./support.ts"

const check = checkOf("ContractStore")

const contract = (eventName: string, version: number, more: Partial<Contract> = {}): Contract => ({
  eventName,
  version,
  sourceModule: "finance",
  aggregateType: "Invoice",
  owner: 'team "ü", {finance}',
  deprecated: null,
  jsonSchema: { type: "object", properties: { "a,b": { enum: ["\\", '{"x"}', null] } } },
  fingerprint: "a".repeat(64),
  hasUp: version > 1,
  hasDown: false,
  ...more
})

const withoutTimes = <A extends { readonly firstSeenAt: Date; readonly lastSeenAt: Date }>({
  firstSeenAt: _,
  lastSeenAt: __,
  ...rest
}: A) => rest

export const contractStore = [
  check(
    "gives back what was added, by name and version, and leaves what is there already as it is",
    Effect.gen(function* () {
      const store = yield* ContractStore
      const [a, b] = [unique("contract-a"), unique("contract-b")]
      yield* store.add([contract(b, 1), contract(a, 10), contract(a, 2)])
      yield* store.add([contract(a, 2, { owner: null, fingerprint: "b".repeat(64) }), contract(a, 3)])
      const keys = [a, b, unique("nobody")].flatMap((eventName) =>
        [1, 2, 3, 10].map((version) => ({ eventName, version }))
      )
      const found = yield* store.find(keys)
      assert.deepEqual(found.map(withoutTimes), [contract(a, 2), contract(a, 3), contract(a, 10), contract(b, 1)])
      assert.deepEqual(
        (yield* store.all).filter(({ eventName }) => eventName === a || eventName === b).map(withoutTimes),
        found.map(withoutTimes)
      )
      assert.deepEqual(yield* store.find([]), [])
    })
  ),
  check(
    "replaces what is there and adds what is not; when it was first seen stays",
    Effect.gen(function* () {
      const store = yield* ContractStore
      const name = unique("contract")
      yield* store.add([contract(name, 1)])
      const [before] = yield* store.find([{ eventName: name, version: 1 }])
      yield* Effect.sleep("5 millis")
      const changed = contract(name, 1, {
        sourceModule: "billing",
        aggregateType: "Bill",
        owner: null,
        deprecated: "use bill.created",
        jsonSchema: {},
        fingerprint: "c".repeat(64),
        hasUp: true,
        hasDown: true
      })
      yield* store.replace([changed, contract(name, 2)])
      const [first, second] = yield* store.find([1, 2].map((version) => ({ eventName: name, version })))
      assert.deepEqual(first && withoutTimes(first), changed)
      assert.deepEqual(second && withoutTimes(second), contract(name, 2))
      assert.deepEqual(first?.firstSeenAt, before?.firstSeenAt)
      assert.ok((first?.lastSeenAt.getTime() ?? 0) > (before?.lastSeenAt.getTime() ?? 0))
    })
  ),
  check(
    "two that add the same at once both succeed, and one of them counts",
    Effect.gen(function* () {
      const store = yield* ContractStore
      const name = unique("contract")
      const owners = ["one", "two", "three", "four"]
      yield* Effect.forEach(
        owners,
        (owner) => store.add([contract(name, 2, { owner }), contract(name, 1, { owner })]),
        {
          concurrency: "unbounded"
        }
      )
      const found = yield* store.find([1, 2].map((version) => ({ eventName: name, version })))
      assert.equal(found.length, 2)
      assert.ok(found.every(({ owner }) => owner !== null && owners.includes(owner)))
    })
  )
]
