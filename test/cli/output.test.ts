/** What the command line writes, piece by piece. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Schema } from "effect"
import { entityOf, spanOf, timeOf } from "../../src/cli/flags.ts"
import { clean, cleanLines, safeJson } from "../../src/cli/output/clean.ts"
import { failedShare, quantile, sparkline } from "../../src/cli/output/figures.ts"
import { indented } from "../../src/cli/output/jsonText.ts"
import { cut, table } from "../../src/cli/output/table.ts"
import { ago, atLeast, span } from "../../src/cli/output/words.ts"

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

/** Any code units, those that are looked for among them more often. */
const Units = Schema.Array(
  Schema.Union([
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff })),
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xa0 })),
    Schema.Int.check(Schema.isBetween({ minimum: 0x2000, maximum: 0x2070 }))
  ])
)

const anyTexts = Effect.map(Arbitrary.sampleEffect(Arbitrary.schema(Units), { count: 500 }), (samples) =>
  samples.map((units) => String.fromCharCode(...units))
)

describe("texts of others", () => {
  it.effect("reach a terminal as what can be seen", () =>
    Effect.gen(function* () {
      assert.strictEqual(clean("a\u001b[2Jb\nc\td\u009b\u202e\r"), "a\\x1b[2Jb ⏎ c d\\x9b\\u202e\\x0d")
      assert.strictEqual(cleanLines("a\r\nb\u0007"), "a\nb\\x07")
      for (const text of yield* anyTexts) {
        assert.notMatch(clean(text), obeyed)
        assert.notInclude(clean(text), "\n")
      }
    })
  )

  it.effect("stay what they are as JSON", () =>
    Effect.gen(function* () {
      for (const text of yield* anyTexts) {
        const json = safeJson({ text, list: [text] }, 2)
        assert.notMatch(json, obeyed)
        assert.deepStrictEqual(JSON.parse(json), { text, list: [text] })
      }
    })
  )
})

describe("JSON text", () => {
  it.effect("is indented as JSON.stringify does it, whatever it holds", () =>
    Effect.gen(function* () {
      for (const value of yield* Arbitrary.sampleEffect(Arbitrary.schema(Schema.Json), { count: 500 })) {
        assert.strictEqual(indented(JSON.stringify(value)), JSON.stringify(value, null, 2))
      }
    })
  )

  it("keeps numbers as they are written", () => {
    assert.strictEqual(
      indented('{"a":1e400,"b":[9007199254740993,1.10]}'),
      '{\n  "a": 1e400,\n  "b": [\n    9007199254740993,\n    1.10\n  ]\n}'
    )
  })
})

describe("tables", () => {
  const terminal = { isTerminal: true, columns: 40, rows: 24, hasColors: false }
  const columns = [
    { title: "name", isFlexible: true },
    { title: "extra", isOptional: true },
    { title: "count", isRight: true },
    { title: "why", isFlexible: true }
  ]
  const rows = [
    ["a consumer with a long name", "more", "1", "because of something"],
    ["短い名前です、とても長い名前です", "", "1,204", "x"]
  ]

  it("fit a terminal: some are cut, by what is seen, and some left out", () => {
    const lines = table(terminal, columns, rows).split("\n")
    assert.deepStrictEqual(lines, [
      "name          extra  count  why",
      "a consumer …  more       1  because of …",
      "短い名前で…          1,204  x"
    ])
    const narrow = table({ ...terminal, columns: 30 }, columns, rows).split("\n")
    assert.strictEqual(narrow[0], "name        count  why")
  })

  it("are whole in a pipe", () => {
    const lines = table({ ...terminal, isTerminal: false, columns: 10 }, columns, rows).split("\n")
    assert.strictEqual(lines[1], "a consumer with a long name       more       1  because of something")
  })

  it("cut between what belongs together", () => {
    assert.strictEqual(cut("👩‍👩‍👧‍👦 family", 5), "👩‍👩‍👧‍👦 f…")
    assert.strictEqual(cut("abc", 3), "abc")
  })
})

describe("words", () => {
  it("of spans have two units at most", () => {
    assert.deepStrictEqual([0, 999, 1500, 61_000, 245_000, 3_600_000, 90_000_000, 259_200_000].map(span), [
      "0 ms",
      "999 ms",
      "1 s",
      "1 min 1 s",
      "4 min 5 s",
      "1 h",
      "1 d 1 h",
      "3 d"
    ])
    const now = new Date(100_000)
    assert.deepStrictEqual(
      [new Date(99_900), new Date(40_000), new Date(160_000)].map((at) => ago(at, now)),
      ["just now", "1 min ago", "in 1 min"]
    )
    assert.deepStrictEqual([atLeast(1000, 1000), atLeast(1001, 1000)], ["1,000", "1,000+"])
  })

  it("of options are read", () => {
    assert.deepStrictEqual(["90s", "15m", "2h", "7d", "1w"].map(spanOf), [90e3, 900e3, 7200e3, 604_800e3, 604_800e3])
    for (const wrong of ["", "7", "d", "-1d", "1.5h", "7 years"]) assert.throws(() => spanOf(wrong), /a span of time/)
    assert.deepStrictEqual(timeOf("2026-11-27T14:00Z"), new Date("2026-11-27T14:00Z"))
    assert.approximately(timeOf("2h").getTime(), Date.now() - 7_200_000, 60_000)
    for (const wrong of ["soon", "2026-13-45", "12"]) assert.throws(() => timeOf(wrong), /a time as/)
    assert.deepStrictEqual(entityOf("finance/Invoice/4/2"), {
      module: "finance",
      entityType: "Invoice",
      entityId: "4/2"
    })
    for (const wrong of ["Invoice/42", "a//b", "a/b/"]) assert.throws(() => entityOf(wrong), /an entity as/)
  })
})

describe("figures", () => {
  const to = new Date("2026-11-27T15:00:00Z")
  const point = (minutes: number, processed: number, retried = 0) => ({
    at: new Date(to.getTime() - minutes * 60_000),
    processed,
    retried,
    skipped: 0,
    gaveUp: 0
  })

  it("of an hour are a line of bars; what is older is not among them", () => {
    assert.strictEqual(sparkline([point(0, 8), point(58, 1), point(90, 100)], to), `▁${" ".repeat(18)}█`)
    assert.strictEqual(sparkline([], to), "")
  })

  it("say how many failed, and how long most took", () => {
    assert.strictEqual(failedShare([point(0, 3, 1)]), 25)
    assert.strictEqual(failedShare([]), undefined)
    const distribution = { bounds: [0.1, 1, 10], counts: [90, 10, 0, 0], sum: 12 }
    assert.approximately(quantile(distribution, 0.95) ?? 0, 550, 0.001)
    assert.strictEqual(quantile({ bounds: [1], counts: [0, 0], sum: 0 }, 0.95), undefined)
    // Longer than all bounds: at least the last.
    assert.strictEqual(quantile({ bounds: [1], counts: [0, 5], sum: 50 }, 0.95), 1000)
  })
})
