/** Which values paths hide, and that a hostile document costs no more than an ordinary one. */
import { assert, describe, it } from "@effect/vitest"
import { patternOf } from "../../src/admin/security/documentPaths.ts"
import { show } from "../../src/admin/security/documents.ts"
import { policyOf } from "../../src/admin/security/policy.ts"
import { randomOf } from "../support/randomNumbers.ts"

const sightOf = (...redact: ReadonlyArray<string>) => policyOf({ redact }).sightOf({ name: "ada", role: "admin" })

const shownOf = (document: unknown, ...redact: ReadonlyArray<string>) =>
  show(JSON.stringify(document), sightOf(...redact)).text ?? assert.fail("nothing is shown")

describe("a path", () => {
  it.each<[path: string, document: unknown]>([
    ["customers.42.email", { customers: { "42": { email: "secret" } } }],
    ["customers.42.email", { customers: Array(43).fill({ email: "secret" }) }],
    ["*.email", { "42": { email: "secret" } }],
    ["**.email", { customers: { "42": [{ email: "secret" }] } }],
    ["items[*].iban", { items: [{ iban: "secret" }] }],
    ["items[*].iban", { items: { first: { iban: "secret" } } }],
    ["items[0].iban", { items: [{ iban: "secret" }] }],
    ["items.*.iban", { items: [{ iban: "secret" }] }],
    ["items.*.iban", { items: [[{ iban: "secret" }]] }],
    ["items.*.iban", { items: [{ first: { iban: "secret" } }] }],
    ["items.iban", { items: [[{ iban: "secret" }]] }],
    ["items[-1]", { items: ["secret"] }],
    ["2024", { "2024": "secret" }],
    ["by.2024", { by: { "2024": "secret" } }],
    ["by.2024", { by: [{ "2024": "secret" }] }],
    ["[0].iban", [{ iban: "secret" }]],
    ["*", ["secret"]],
    ["**", "secret"],
    ['["customer.email"]', { "customer.email": "secret" }],
    ['customer["e mail"].home', { customer: { "e mail": { home: "secret" } } }],
    ['["a*"]["*"]', { "a*": { "*": "secret" } }],
    ['["$ref"]', { $ref: "secret" }],
    ['[""]', { "": "secret" }]
  ])("as %s hides what it leads to", (path, document) => {
    assert.notInclude(shownOf(document, path), "secret")
  })

  it.each<[path: string, document: unknown]>([
    ["customer.email", { "customer.email": 1, email: 1, customer: { name: 1, mail: { email: 1 } } }],
    ['["customer.email"]', { customer: { email: 1 } }],
    ['["*"]', { a: 1 }],
    ['items["0"]', { items: [1] }],
    ["items.0.iban", { items: { "1": { iban: 1 }, iban: 1 } }],
    ["*.iban", { iban: 1, a: { b: { iban: 1 } } }]
  ])("as %s hides nothing else", (path, document) => {
    assert.strictEqual(shownOf(document, path), JSON.stringify(document))
  })

  it.each([
    "a*.iban",
    "*iban",
    "a.***",
    "a[].b",
    "items[*]b",
    "items[1:2]",
    ".a",
    "a.",
    "a..b",
    "a.[0]",
    "['a']",
    '["a]',
    '["\\q"]',
    "a,b",
    "$.a",
    "a b",
    "",
    42,
    null
  ])("as %s is refused, in a sentence that says how it is written", (path) => {
    assert.throws(
      () => sightOf(path as string),
      /^Option redact is .*, expected a path as customer\.email.*a star stands for a whole key/
    )
  })

  it("in something else than a list is refused", () => {
    for (const redact of ["customer.email", { operator: "customer.email" }, { operator: [42] }]) {
      assert.throws(() => policyOf({ redact: redact as never }), /Option redact/)
    }
  })
})

type Json = string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** How a value is reached from its holder: an entry of a list has no key. */
type Reached = ReadonlyArray<string | undefined>

/** What docs/admin.md says, word by word, and slowly. */
const leadsTo = (steps: ReadonlyArray<string>, reached: Reached): boolean => {
  const [step, ...others] = steps
  if (step === undefined) return reached.length === 0
  if (step === "**") return leadsTo(others, reached) || (reached.length > 0 && leadsTo(steps, reached.slice(1)))
  if (reached.length === 0) return false
  const [key, ...below] = reached
  if (key !== undefined) return (step === "*" || step === key) && leadsTo(others, below)
  return leadsTo(steps, below) || ((step === "*" || /^\d+$/.test(step)) && leadsTo(others, below))
}

const hiddenSlowly = (value: Json, paths: ReadonlyArray<ReadonlyArray<string>>, reached: Reached = []): Json => {
  if (paths.some((steps) => leadsTo(steps, reached))) return "‹hidden›"
  if (typeof value === "string") return value
  if (Array.isArray(value)) return value.map((each) => hiddenSlowly(each, paths, [...reached, undefined]))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, hiddenSlowly(each, paths, [...reached, key])])
  )
}

const makeCase = (seed: number) => {
  const random = randomOf(seed)
  const pick = <A>(all: ReadonlyArray<A>): A => all[Math.floor(random() * all.length)] as A
  const many = <A>(most: number, make: () => A) => Array.from({ length: 1 + Math.floor(random() * most) }, make)
  const document = (depth: number): Json => {
    const kind = depth === 0 ? 0 : Math.floor(random() * 5)
    if (kind === 0) return "value"
    if (kind === 1) return many(2, () => document(depth - 1))
    return Object.fromEntries(many(3, () => [pick(["a", "b", "0", "7", "*"]), document(depth - 1)]))
  }
  return { document: document(6), paths: many(3, () => many(5, () => pick(["a", "b", "0", "7", "*", "**"]))) }
}

describe("what is hidden", () => {
  it("is what a slow and plain reading of the paths hides: 20,000 documents", () => {
    let hidden = 0
    for (let seed = 1; seed <= 20_000; seed++) {
      const { document, paths } = makeCase(seed)
      const expected = JSON.stringify(hiddenSlowly(document, paths))
      const shown = shownOf(document, ...paths.map((steps) => steps.join(".")))
      assert.strictEqual(shown, expected, `seed ${seed}: ${JSON.stringify(paths)} in ${JSON.stringify(document)}`)
      if (expected.includes("hidden")) hidden++
    }
    // Else nothing was looked at.
    assert.isAtLeast(hidden, 1000)
  })

  const hostile = (levels: number, leaves: number) => {
    const inner = JSON.stringify(Object.fromEntries(Array.from({ length: leaves }, (_, at) => [`k${at}`, at])))
    return `${'{"a":'.repeat(levels)}${inner}${"}".repeat(levels)}`
  }

  it.each([
    [1, 20_000],
    [400, 20_000],
    [400, 1]
  ])("takes a few steps for each value, on %i levels with %i values below", (levels, leaves) => {
    // Four steps and an end: no value can have more states than that, and it is one step itself.
    const most = (levels + leaves + 1) * (1 + 5)
    const text = hostile(levels, leaves)
    assert.deepStrictEqual(show(text, sightOf("**.a.**.iban"), most), { text, isWhole: true })
    assert.deepStrictEqual(show(text, sightOf("**.a.**.iban"), levels + leaves), { text: null, isWhole: false })
  })

  it("is all of a document that would take too much work", () => {
    const paths = Array.from({ length: 1000 }, (_, at) => `**.secret${at}`)
    assert.deepStrictEqual(show(hostile(1, 1001), sightOf(...paths)), { text: null, isWhole: false })
    assert.isNotNull(show(hostile(1, 500), sightOf(...paths)).text)
  })

  it("does not depend on the order or number of paths", () => {
    assert.isDefined(patternOf("**.**.**.a"))
    assert.strictEqual(shownOf({ a: 1, b: 2 }, "a", "**.**.**.a", "a"), '{"a":"‹hidden›","b":2}')
  })
})
