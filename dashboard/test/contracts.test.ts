/** Schemas as fields, and what is said of two versions. */
import { assert, describe, it } from "vitest"
import { changesOf, judgeReading, judgeWayBack } from "../src/screens/contracts/difference.ts"
import { fieldsOf, isOpaque } from "../src/screens/contracts/fields.ts"

const text = { type: "string" }

const contract = (version: number, jsonSchema: object, steps = {}) =>
  ({
    eventName: "finance.invoice-issued",
    version,
    sourceModule: "finance",
    aggregateType: "Invoice",
    owner: null,
    deprecated: null,
    jsonSchema: jsonSchema as Readonly<Record<string, never>>,
    fingerprint: JSON.stringify(jsonSchema),
    hasUp: false,
    hasDown: false,
    firstSeenAt: "2026-11-28T01:00:00.000Z",
    lastSeenAt: "2026-11-28T01:00:00.000Z",
    ...steps
  }) as const

const object = (properties: object, required: ReadonlyArray<string> = Object.keys(properties)) => ({
  type: "object",
  properties,
  required
})

describe("fields of a schema", () => {
  it("are those of objects in lists, of records and of unions, each with its path", () => {
    const { fields, isComplete } = fieldsOf(
      object({
        lines: { type: "array", minItems: 1, items: object({ cents: { type: "integer", minimum: 0 } }) },
        labels: { type: "object", additionalProperties: text },
        paid: { anyOf: [object({ at: text }), object({ refusal: text })] },
        currency: { enum: ["EUR", "USD"] }
      })
    )
    assert.isTrue(isComplete)
    assert.deepStrictEqual(
      fields.map(({ path, rules, type }) => [path, type, ...rules]),
      [
        ["", "object"],
        ["lines", "list of object", "items at least 1"],
        ["lines[].cents", "integer", "at least 0"],
        ["labels", "object"],
        ["labels.*", "string"],
        ["paid", "one of 2"],
        ["paid<1>", "object"],
        ["paid<1>.at", "string"],
        ["paid<2>", "object"],
        ["paid<2>.refusal", "string"],
        ["currency", '"EUR" or "USD"']
      ]
    )
  })

  it("end where a schema comes back to itself", () => {
    const tree = { $ref: "#/$defs/Tree", $defs: { Tree: object({ name: text, below: { $ref: "#/$defs/Tree" } }) } }
    assert.deepStrictEqual(
      fieldsOf(tree).fields.map(({ path, type }) => [path, type]),
      [
        ["", "object"],
        ["name", "string"],
        ["below", "Tree, as above"]
      ]
    )
  })

  it("are told not to be complete where it goes too deep, or refers to what is not there", () => {
    const nested = (wrap: (schema: object) => object) => {
      let schema: object = text
      for (let level = 0; level < 10_000; level++) schema = wrap(schema)
      return schema as Readonly<Record<string, never>>
    }
    const perverse = {
      lists: nested((items) => ({ type: "array", items })),
      objects: nested((inner) => object({ inner })),
      parts: nested((part) => ({ allOf: [part] })),
      forms: nested((form) => ({ anyOf: [form] })),
      "a percent sign": object({ share: { $ref: "#/$defs/100%" } }),
      "what is not there": object({ lost: { $ref: "#/$defs/none" } })
    }
    for (const [name, schema] of Object.entries(perverse)) assert.isFalse(fieldsOf(schema).isComplete, name)
    const known = { $defs: { "100%": text }, type: "object", properties: { share: { $ref: "#/$defs/100%" } } }
    assert.deepInclude(fieldsOf(known as never).fields.at(-1), { path: "share", type: "string" })
    assert.strictEqual(fieldsOf({ $defs: { a: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" } as never).fields.length, 1)
  })

  it("are none where a schema says nothing of what is stored", () => {
    assert.isTrue(isOpaque(fieldsOf({})))
    assert.isFalse(isOpaque(fieldsOf(object({ name: text }))))
  })
})

describe("two versions", () => {
  const first = contract(1, object({ customer: text, amount: { type: "number" } }))

  it("differ by fields that were added, changed and removed", () => {
    const next = contract(2, object({ customer: { type: "string", minLength: 1 }, cents: { type: "integer" } }))
    assert.deepStrictEqual(
      changesOf(first, next).map(({ kind, path }) => [kind, path]),
      [
        ["changed", "customer"],
        ["added", "cents"],
        ["removed", "amount"]
      ]
    )
  })

  it("are read by steps where there are steps all the way", () => {
    const second = contract(2, object({ cents: { type: "integer" } }), { hasUp: true })
    const third = contract(3, object({ money: text }), { hasUp: true })
    assert.strictEqual(judgeReading([first, second, third], first, third).verdict, "yes")
    assert.strictEqual(judgeReading([first, third], first, third).verdict, "no")
  })

  it("are not read without a step where something is required that may not be there", () => {
    const next = contract(2, object({ customer: text, amount: { type: "number" }, currency: text }))
    const { verdict, why } = judgeReading([first, next], first, next)
    assert.strictEqual(verdict, "no")
    assert.include(why, "currency")
  })

  it("are read without a step where only what may be left out was added, whatever that requires in itself", () => {
    const added = { customer: text, amount: { type: "number" }, address: object({ city: text }) }
    const next = contract(2, object(added, ["customer", "amount"]))
    assert.strictEqual(judgeReading([first, next], first, next).verdict, "yes")
  })

  it("are not judged where a type changed, or a schema says nothing", () => {
    const next = contract(2, object({ customer: text, amount: { type: "integer" } }))
    assert.strictEqual(judgeReading([first, next], first, next).verdict, "unknown")
    const silent = contract(2, {})
    assert.strictEqual(judgeReading([first, silent], first, silent).verdict, "unknown")
  })

  it("have a way back where each step has one", () => {
    const second = contract(2, object({ cents: { type: "integer" } }), { hasUp: true, hasDown: true })
    const third = contract(3, object({ money: text }), { hasUp: true })
    assert.strictEqual(judgeWayBack([first, second, third], first, second).verdict, "yes")
    assert.strictEqual(judgeWayBack([first, second, third], first, third).verdict, "no")
  })
})
