/** A search is no oracle: a path that may be compared with leads to what is shown anyway, in whatever document. */
import { assert, describe, it } from "@effect/vitest"
import { patternOf, stepsOf } from "../../src/admin/security/documentPaths.ts"
import { show } from "../../src/admin/security/documents.ts"
import { touches } from "../../src/admin/security/pathMatching.ts"
import { randomOf } from "../support/randomNumbers.ts"

type Json = string | number | ReadonlyArray<Json> | { readonly [key: string]: Json }

// Few names, so that patterns, paths and documents meet; a key that looks like a place.
const keys = ["a", "b", "0", "1"]

const makeCase = (seed: number) => {
  const random = randomOf(seed)
  const pick = <A>(all: ReadonlyArray<A>): A => all[Math.floor(random() * all.length)] as A
  const many = <A>(most: number, make: () => A) => Array.from({ length: 1 + Math.floor(random() * most) }, make)
  let secret = 0
  const document = (depth: number): Json => {
    const kind = depth === 0 ? 0 : Math.floor(random() * 4)
    if (kind === 0) return `value ${secret++}`
    if (kind === 1) return many(2, () => document(depth - 1))
    return Object.fromEntries(many(3, () => [pick(keys), document(depth - 1)]))
  }
  return {
    document: document(4),
    patterns: many(2, () => many(3, () => pick(["a", "b", "*", "**", "0"])).join(".")),
    path: many(4, () => pick(keys))
      .map((key, index) => (/\d/.test(key) && random() < 0.5 ? `[${key}]` : `${index === 0 ? "" : "."}${key}`))
      .join("")
  }
}

/** What PostgreSQL finds at a path: a number is a place in a list, and a key in an object. */
const at = (document: Json | undefined, steps: ReadonlyArray<string>): Json | undefined =>
  steps.reduce<Json | undefined>(
    (found, step) =>
      typeof found === "object" && found !== null ? (found as Readonly<Record<string, Json>>)[step] : undefined,
    document
  )

describe("what may be searched", () => {
  it("is what is shown: 20,000 documents, patterns and paths", () => {
    let allowed = 0
    let hidden = 0
    for (let seed = 1; seed <= 20_000; seed++) {
      const { document, path, patterns } = makeCase(seed)
      const hiddenPaths = patterns.map((each) => patternOf(each) ?? assert.fail(each))
      const sight = { visibility: "full", hidden: hiddenPaths } as const
      const shown = JSON.parse(show(JSON.stringify(document), sight).text ?? "null")
      const steps = stepsOf(path) ?? assert.fail(path)
      const isRefused = touches(sight.hidden, steps)
      const isHidden = JSON.stringify(at(document, steps)) !== JSON.stringify(at(shown, steps))
      if (isHidden) hidden++
      if (isRefused) continue
      allowed++
      assert.isFalse(isHidden, `seed ${seed}: ${path} tells of ${patterns.join(", ")} in ${JSON.stringify(document)}`)
    }
    // Else nothing was looked at.
    assert.isAtLeast(allowed, 1000)
    assert.isAtLeast(hidden, 1000)
  })
})
