/** The simulator itself: the same seed makes the same run, whatever ran before it and wherever; and some seeds of it. */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { draw } from "./draw.ts"
import { kindOf, shrink } from "./shrink.ts"
import { simulate } from "./simulate.ts"

const digest = (seed: number) => {
  const { fingerprint, trace } = simulate(draw(seed), seed)
  return createHash("sha256")
    .update(JSON.stringify([fingerprint, trace]))
    .digest("hex")
}

/** Runs a seed in a process of its own. */
const elsewhere = (seed: number): unknown => {
  const modules = ["draw.ts", "simulate.ts"].map((file) => fileURLToPath(new URL(file, import.meta.url)))
  const script = `
    import { draw } from ${JSON.stringify(modules[0])}
    import { simulate } from ${JSON.stringify(modules[1])}
    const { fingerprint, trace } = simulate(draw(${seed}), ${seed})
    console.log(JSON.stringify([fingerprint, trace]))`
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }))
}

describe("the simulator", { timeout: 180_000 }, () => {
  it("repeats a seed exactly, whatever ran before it", () => {
    const seeds = Array.from({ length: 20 }, (_, index) => index + 1)
    const first = seeds.map(digest)
    assert.deepStrictEqual(seeds.toReversed().map(digest), first.toReversed())
    assert.strictEqual(new Set(first).size, seeds.length)
  })

  it("repeats a seed in another process", () => {
    for (const seed of [7, 21]) {
      const { fingerprint, trace } = simulate(draw(seed), seed)
      assert.deepStrictEqual(elsewhere(seed), [fingerprint, trace])
    }
  })

  it("finds no promise broken in a hundred seeds", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const { violations } = simulate(draw(seed), seed)
      assert.deepStrictEqual(violations, [], `npm run test:simulate -- --seed ${seed}`)
    }
  })

  it("makes a failing program smaller", () => {
    const program = draw(3)
    assert.isAbove(program.steps.length, 2)
    // As if it were a violation that anything is published.
    const picky = (each: typeof program, seed: number) => ({
      ...simulate(each, seed),
      violations: each.steps.some(({ kind }) => kind === "publish") ? ["published 1"] : []
    })
    const { outcome, program: small } = shrink(picky, program, 3)
    assert.strictEqual(kindOf(outcome.violations[0] ?? ""), kindOf("published 2"))
    assert.deepStrictEqual(
      [small.steps.length, small.faults.length, small.replicas, small.consumers.length],
      [1, 0, 1, 1]
    )
  })
})
