/** What is remembered by names nobody chose: only so much of it, the newest. */
import { assert, it } from "@effect/vitest"
import { BoundedMap, makeIsFirst } from "../../src/collections/bounded.ts"

it("a bounded map forgets its oldest entry for a new one, and none for one it has", () => {
  const map = new BoundedMap<string, number | undefined>(3)
  for (const [index, key] of ["a", "b", "c", "b", "d"].entries()) map.set(key, index)
  assert.strictEqual(map.size, 3)
  assert.deepStrictEqual(
    ["a", "b", "c", "d"].map((key) => map.get(key)),
    [undefined, 3, 2, 4]
  )
  map.set("none", undefined)
  assert.isTrue(map.has("none"))
  assert.isFalse(map.has("b"))
  assert.isTrue(map.delete("none"))
  assert.isFalse(map.delete("none"))
  assert.strictEqual(map.size, 2)
})

it("it stays as small however much goes through it", () => {
  const map = new BoundedMap<number, number>()
  for (let n = 0; n < 50_000; n++) map.set(n, n)
  assert.strictEqual(map.size, 10_000)
  assert.strictEqual(map.get(49_999), 49_999)
})

it("what comes again after it was forgotten is new again", () => {
  const isFirst = makeIsFirst(2)
  assert.deepStrictEqual(["a", "a", "b", "a", "c", "a"].map(isFirst), [true, false, true, false, true, true])
})
