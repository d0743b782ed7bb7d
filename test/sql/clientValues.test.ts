/** Values on their way to other clients and back: nothing becomes something else. */
import { assert, describe, it } from "@effect/vitest"
import { castFromText, parameterOf } from "../../src/sql/clients/parameters.ts"
import { objectsOf, valuesOf } from "../../src/sql/clients/values.ts"

const read = (type: number, text: string | null) =>
  valuesOf({ columns: [{ name: "value", type }], rows: [[text]] })[0]?.[0]

describe("texts of PostgreSQL", () => {
  it.each([
    [23, "-7", -7],
    [20, "9007199254740993", 9007199254740993n],
    [16, "f", false],
    [114, "null", null],
    [3802, '"null"', "null"],
    [3802, '{"a":[1,"x"]}', { a: [1, "x"] }],
    [1184, "2026-11-27 17:46:17.123456+00", new Date("2026-11-27T17:46:17.123Z")],
    [1184, "2026-11-27 17:46:17-03:30", new Date("2026-11-27T21:16:17Z")],
    [1184, "1880-01-01 00:00:00+00:53:28", new Date("1879-12-31T23:06:32Z")],
    [1184, "0044-03-15 12:00:00+00 BC", new Date("-000043-03-15T12:00:00Z")],
    [1184, "infinity", Number.POSITIVE_INFINITY],
    [1184, "Fri Nov 27 17:46:17 2026 UTC", "Fri Nov 27 17:46:17 2026 UTC"],
    [17, "\\x00ff", new Uint8Array([0, 255])],
    [17, "\\001abc", "\\001abc"],
    [1009, '{a,"b c",NULL,"NULL","{x,\\"y\\\\}",""}', ["a", "b c", null, "NULL", '{x,"y\\}', ""]],
    [1009, "{}", []],
    [1009, "{{a,b},{c,d}}", "{{a,b},{c,d}}"],
    [1016, "{1,NULL,3}", [1n, null, 3n]],
    [1185, '{"2026-01-01 00:00:00+00"}', [new Date("2026-01-01T00:00:00Z")]],
    [25, "17", "17"],
    [3802, null, null]
  ])("of type %s: %s", (type, text, value) => {
    assert.deepStrictEqual(read(type, text), value)
  })

  it("columns without a type, and values that a client has read, stay as they are", () => {
    const at = new Date(0)
    const columns = [{ name: "text" }, { name: "at", type: 1184 }, { name: "json", type: 3802 }]
    assert.deepStrictEqual(objectsOf({ columns, rows: [["1", at, { a: 1 }]] }), [{ text: "1", at, json: { a: 1 } }])
  })
})

describe("parameters", () => {
  it.each([
    [null, null],
    [undefined, null],
    ["it's", "it's"],
    [true, true],
    [1.5, 1.5],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
    [9007199254740993n, "9007199254740993"],
    [new Date("2026-01-01T00:00:00Z"), "2026-01-01T00:00:00.000Z"],
    [new Uint8Array([0, 255]), "\\x00ff"],
    [["a", 'b"c', "d\\e", null, ""], '{"a","b\\"c","d\\\\e",NULL,""}'],
    [[1, 2n, true], '{1,"2",true}'],
    [[], "{}"],
    [{ oid: 3802, value: ["x"] }, '["x"]'],
    [{ oid: 0, value: "plain" }, "plain"]
  ])("%o", (value, parameter) => {
    assert.deepStrictEqual(parameterOf(value), parameter)
  })

  it.each([[[["a"]]], [() => 1], [Symbol("no")]])("refuses %o", (value) => {
    assert.throws(() => parameterOf(value), TypeError)
  })

  it.each([
    ["SELECT $1::jsonb, $2::uuid[]", "SELECT $1::text::jsonb, $2::text::uuid[]"],
    ["SELECT $1::text", "SELECT $1::text::text"],
    ["SELECT $1::int + $1, $2::int", "SELECT $1::int + $1, $2::text::int"],
    ["SELECT '$1::int', \"$1::int\", $1::int", "SELECT '$1::int', \"$1::int\", $1::text::int"],
    ["SELECT E'\\'$1::int', $1::int", "SELECT E'\\'$1::int', $1::text::int"],
    ["SELECT $$ $1 $$, $x$ $1 $x$, $1::int", "SELECT $$ $1 $$, $x$ $1 $x$, $1::text::int"],
    ["SELECT $1::int -- don't $1\n, $2::int", "SELECT $1::text::int -- don't $1\n, $2::text::int"],
    ["SELECT $1::int /* don't */ WHERE a = $1 AND c = 'x'", "SELECT $1::int /* don't */ WHERE a = $1 AND c = 'x'"]
  ])("are cast from text: %s", (statement, cast) => {
    assert.strictEqual(castFromText(statement), cast)
  })
})
