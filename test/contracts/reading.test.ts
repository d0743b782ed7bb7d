/** Whether one schema reads what another writes, by their structure: never said to when a payload shows that it does not. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { fingerprintOf, type JsonSchema, jsonSchemaOf } from "../../src/contracts/jsonSchema.ts"
import { obstaclesOf } from "../../src/contracts/reading.ts"
import { readerOf, samplesOf } from "../../src/contracts/samples.ts"

const jsonOf = <A, I>(schema: Schema.Codec<A, I>) => jsonSchemaOf(schema as unknown as Schema.Codec<unknown, unknown>)

const found = <A, I, B, J>(writer: Schema.Codec<A, I>, reader: Schema.Codec<B, J>) =>
  (obstaclesOf(jsonOf(writer), jsonOf(reader)) ?? []).map(({ kind, path }) => `${path}: ${kind}`)

const { Array: List, Finite, Int, Literals, NullOr, Record, String: Text, Struct, Union, optionalKey } = Schema

interface Tree {
  readonly name: string
  readonly below: ReadonlyArray<Tree>
}

const tree = (name: Schema.Codec<string, string>): Schema.Codec<Tree, Tree> => {
  const self: Schema.Codec<Tree, Tree> = Struct({ name, below: List(Schema.suspend(() => self)) }).annotate({
    identifier: "Tree"
  })
  return self
}

const Circle = Struct({ kind: Schema.Literal("circle"), radius: Finite })
const Square = Struct({ kind: Schema.Literal("square"), side: Finite })
const Cube = Struct({ kind: Schema.Literal("cube"), side: Finite, height: Finite })

describe("what the reader lacks is named with its path", () => {
  const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>]> = [
    ["the same", found(Struct({ a: Text }), Struct({ a: Text })), []],
    ["a description", found(Struct({ a: Text }), Struct({ a: Text.annotate({ description: "new" }) })), []],
    ["an optional field more", found(Struct({ a: Text }), Struct({ a: Text, b: optionalKey(Text) })), []],
    ["a field less", found(Struct({ a: Text, b: Text }), Struct({ a: Text })), []],
    ["a required field more", found(Struct({ a: Text }), Struct({ a: Text, b: Text })), ["b: missing"]],
    ["optional made required", found(Struct({ a: optionalKey(Text) }), Struct({ a: Text })), ["a: optional"]],
    ["another type", found(Struct({ a: Text }), Struct({ a: Finite })), ["a: type"]],
    ["integers where numbers are read", found(Struct({ a: Int }), Struct({ a: Finite })), []],
    ["numbers where integers are read", found(Struct({ a: Finite }), Struct({ a: Int })), ["a: type"]],
    ["fewer values", found(Literals(["a", "b", "c"]), Literals(["a", "c"])), [": values"]],
    ["more values", found(Literals(["a", "c"]), Literals(["a", "b", "c"])), []],
    ["any text where values are read", found(Text, Literals(["a", "c"])), [": values"]],
    ["values where any text is read", found(Literals(["a", "c"]), Text), []],
    ["null", found(NullOr(Text), Text), [": type"]],
    ["null that is read", found(Text, NullOr(Text)), []],
    ["a check", found(Finite, Finite.check(Schema.isGreaterThan(1))), [": limit"]],
    [
      "a stricter check of the writer",
      found(Finite.check(Schema.isGreaterThan(1)), Finite.check(Schema.isGreaterThanOrEqualTo(1))),
      []
    ],
    [
      "a looser check of the writer",
      found(Finite.check(Schema.isGreaterThanOrEqualTo(1)), Finite.check(Schema.isGreaterThan(1))),
      [": limit"]
    ],
    ["a pattern", found(Text, Text.check(Schema.isPattern(/^a/u))), [": limit"]],
    ["values that a pattern takes", found(Literals(["ab", "ac"]), Text.check(Schema.isPattern(/^a/u))), []],
    ["a value that a pattern refuses", found(Literals(["ab", "cc"]), Text.check(Schema.isPattern(/^a/u))), [": limit"]],
    ["in a list", found(List(Struct({ a: Text })), List(Struct({ a: Finite }))), ["[].a: type"]],
    ["in a tuple", found(Schema.Tuple([Text, Text]), Schema.Tuple([Text, Finite])), ["[1]: type"]],
    ["a longer tuple", found(Schema.Tuple([Text]), Schema.Tuple([Text, Text])), [": limit"]],
    ["a list where a tuple is read", found(List(Text), Schema.Tuple([Text])), [": limit", ": limit"]],
    ["a tuple where a list is read", found(Schema.Tuple([Text, Text]), List(Text)), []],
    ["in a record", found(Record(Text, Text), Record(Text, Finite)), ["*: type"]],
    ["fields where a record is read", found(Struct({ a: Text, b: Finite }), Record(Text, Text)), ["b: type"]],
    ["a record where fields are read", found(Record(Text, Text), Struct({ a: Text })), ["a: optional"]],
    ["a member of a union less", found(Union([Circle, Square]), Circle), ["radius: missing", "kind: values"]],
    ["a member of a union more", found(Circle, Union([Circle, Square])), []],
    [
      "a changed member of a union",
      found(Union([Circle, Square]), Union([Circle, Struct({ ...Square.fields, colour: Text })])),
      ["colour: missing"]
    ],
    ["a member that nobody reads", found(Union([Circle, Cube]), Union([Circle, Square])), ["kind: values"]],
    [
      "below itself",
      found(tree(Text), tree(Text.check(Schema.isPattern(/x/u)))),
      ["name: limit", "below[].name: limit"]
    ],
    ["the same below itself", found(tree(Text), tree(Text)), []],
    ["anything where text is read", found(Struct({ a: Schema.Unknown }), Struct({ a: Text })), ["a: type"]],
    ["text where anything is read", found(Struct({ a: Text }), Struct({ a: Schema.Unknown })), []]
  ]
  it.each(cases)("%s", (_, obstacles, expected) => {
    assert.deepStrictEqual([...obstacles], [...expected])
  })
})

describe("JSON Schema of other makers", () => {
  const cases: ReadonlyArray<readonly [string, JsonSchema, JsonSchema, ReadonlyArray<string>]> = [
    ["lists of types", { type: ["string", "null"] }, { type: "string" }, [": type"]],
    ["const", { const: 1 }, { type: "integer", maximum: 0 }, [": limit"]],
    ["all of several", { allOf: [{ type: "number" }, { minimum: 3 }] }, { type: "number", minimum: 2 }, []],
    [
      "closed objects",
      { type: "object", properties: { a: {} } },
      { type: "object", additionalProperties: false },
      ["a: closed"]
    ],
    ["what is not understood", { type: "object" }, { type: "object", dependentRequired: { a: ["b"] } }, [": unknown"]],
    ["the same that is not understood", { type: "object", if: { a: 1 } }, { type: "object", if: { a: 1 } }, []],
    [
      "fields by a pattern of their names",
      { type: "object", patternProperties: { "^x-": { type: "string" } } },
      { type: "object", properties: { "x-a": { type: "number" }, note: { type: "string" } } },
      ["x-a: type"]
    ],
    [
      "the same, where others are read in one way",
      { type: "object", patternProperties: { "^x-": { type: "string" } } },
      { type: "object", additionalProperties: { type: "number" } },
      ["/^x-/: type"]
    ],
    [
      "two unions in one",
      { type: "string" },
      { anyOf: [{ type: "string" }], oneOf: [{ type: "number" }] },
      [": unknown"]
    ],
    ["nothing at all", { not: {} }, { type: "string" }, []],
    ["a reference to nothing", { $ref: "#/$defs/x" }, { type: "string" }, [": type"]],
    ["a reference to itself", { $ref: "#" }, { type: "string" }, [": type"]]
  ]
  it.each(cases)("%s", (_, writer, reader, expected) => {
    assert.deepStrictEqual(
      obstaclesOf(writer, reader)?.map(({ kind, path }) => `${path}: ${kind}`),
      [...expected]
    )
  })
})

it("a fingerprint goes by what a schema means", () => {
  const one: JsonSchema = {
    type: "object",
    title: "x",
    properties: { title: { type: "string" }, b: {} },
    required: ["b", "title"]
  }
  const same: JsonSchema = {
    required: ["title", "b"],
    properties: { b: {}, title: { type: "string", description: "y" } },
    type: "object"
  }
  assert.strictEqual(fingerprintOf(one), fingerprintOf(same))
  assert.notStrictEqual(fingerprintOf(one), fingerprintOf({ ...same, properties: { b: {} } }))
})

const pool: ReadonlyArray<readonly [string, JsonSchema]> = Object.entries({
  text: Text,
  short: Text.check(Schema.isMaxLength(3)),
  filled: Text.check(Schema.isNonEmpty()),
  finite: Finite,
  int: Int,
  positive: Finite.check(Schema.isGreaterThan(0)),
  percent: Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })),
  one: Literals(["a"]),
  two: Literals(["a", "b"]),
  mixed: Union([Literals(["a"]), Int]),
  nothing: NullOr(Text),
  texts: List(Text),
  filledTexts: List(Text).check(Schema.isMinLength(1)),
  pair: Schema.Tuple([Text, Int]),
  record: Record(Text, Int),
  a: Struct({ a: Text }),
  maybeA: Struct({ a: optionalKey(Text) }),
  ab: Struct({ a: Text, b: Int }),
  maybeB: Struct({ a: Text, b: optionalKey(Finite) }),
  nested: Struct({ a: Struct({ a: Text }), list: List(Struct({ a: Text })) }),
  nestedMaybe: Struct({ a: Struct({ a: optionalKey(Text) }), list: List(Struct({ a: Text, b: optionalKey(Text) })) }),
  shapes: Union([Circle, Square]),
  moreShapes: Union([Circle, Square, Cube]),
  circle: Circle,
  tree: tree(Text),
  date: Schema.Date,
  number: Schema.Number,
  option: Schema.Option(Text),
  json: Schema.Json
}).map(([name, schema]) => [name, jsonOf(schema as unknown as Schema.Codec<unknown, unknown>)])

it.effect.each(pool)("what %s writes is read by all that are said to", ([, writer]) =>
  Effect.gen(function* () {
    const samples = yield* samplesOf(writer, 100, "seed")
    assert.strictEqual(samples.length, 100)
    for (const [name, reader] of pool) {
      if (obstaclesOf(writer, reader)?.length !== 0) continue
      const read = readerOf(reader)
      assert.isDefined(read)
      for (const sample of samples) {
        const result = yield* Effect.result(read?.(sample) ?? Effect.void)
        assert.strictEqual(result._tag, "Success", `${name} refuses ${JSON.stringify(sample)}`)
      }
    }
  })
)

it("unions that come back to themselves, and schemas that are none, cannot be compared, and end", () => {
  const tree = (more: object): JsonSchema => {
    const operator = (op: string) => ({
      type: "object",
      properties: { op: { enum: [op] }, left: { $ref: "#/$defs/E" }, right: { $ref: "#/$defs/E" }, ...more },
      required: ["op", "left", "right"]
    })
    const leaf = { type: "object", properties: { op: { enum: ["leaf"] } }, required: ["op"] }
    const anyOf = [leaf, ...["a", "b", "c", "d"].map(operator)] as ReadonlyArray<Schema.Json> as Array<Schema.Json>
    return { $ref: "#/$defs/E", $defs: { E: { anyOf } } }
  }
  assert.isUndefined(obstaclesOf(tree({}), tree({ note: { type: "string" } })))
  assert.isUndefined(obstaclesOf({ $ref: "#/$defs/%", $defs: {} }, { type: "string" }))
  assert.deepStrictEqual(
    obstaclesOf({ type: "string" }, { $ref: "#/$defs/gone" })?.map(({ kind }) => kind),
    ["unknown"]
  )
})
