/** JSON on the dashboard, with all of its digits. */
import { assert, describe, it } from "@effect/vitest"
import { layOut, readJson } from "../../dashboard/src/words/json.ts"

describe("JSON as text", () => {
  it("keeps digits, keys that are there twice, and their order", () => {
    assert.strictEqual(
      layOut('{"b":9007199254740993,"2":1.50,"b":[],"a":{"x":[1e400,"\\u0041"]}}'),
      [
        "{",
        '  "b": 9007199254740993,',
        '  "2": 1.50,',
        '  "b": [],',
        '  "a": {',
        '    "x": [',
        "      1e400,",
        '      "\\u0041"',
        "    ]",
        "  }",
        "}"
      ].join("\n")
    )
  })

  it("is the same document as before", () => {
    for (const text of ['{"a":[{},[],"",null,true,-0.5]}', '"text"', "42", '[["\\"", "\\\\"]]']) {
      assert.deepStrictEqual(JSON.parse(layOut(text)), JSON.parse(text))
    }
  })

  it("stays as it is when it is no JSON", () => {
    for (const text of ['{"a":1,}', "[1 2]", "", "[1]]", "]", "nul", '{"a"', "{a:1}"]) {
      assert.isUndefined(readJson(text), text)
      assert.strictEqual(layOut(text), text)
    }
  })

  it("is read as a tree up to a depth that can be shown", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)
    assert.isDefined(readJson(nested(100)))
    assert.isUndefined(readJson(nested(100_000)))
  })
})
