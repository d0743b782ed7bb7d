/** Two texts of JSON, line by line. */
import { assert, describe, it } from "vitest"
import { lineDiff } from "../src/words/lineDiff.ts"

describe("what differs", () => {
  const told = (before: string, after: string) =>
    lineDiff(before, after).map(({ kind, text }) => `${{ same: " ", removed: "-", added: "+" }[kind]}${text}`)

  it("is told line by line", () => {
    assert.deepStrictEqual(told("a\nb\nc", "a\nx\nc\nd"), [" a", "-b", "+x", " c", "+d"])
    assert.deepStrictEqual(told("a", "a"), [" a"])
  })

  it("is not a comma that follows", () => {
    assert.deepStrictEqual(told('{\n  "a": 1\n}', '{\n  "a": 1,\n  "b": 2\n}'), [" {", '   "a": 1,', '+  "b": 2', " }"])
  })

  it("is told also of what is too large to be compared", () => {
    const lines = (name: string) => Array.from({ length: 2_000 }, (_, index) => `${name}${index}`).join("\n")
    assert.strictEqual(lineDiff(lines("a"), lines("b")).length, 4_000)
  })
})
