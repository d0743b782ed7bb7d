/** What a changed definition breaks, by the rows of the table in docs/contracts.md. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Contracts, DomainEvent } from "../../src/index.ts"

const { Finite, Int, Literals, String: Text, Struct, optionalKey } = Schema

const define = <A, I>(
  payload: Schema.Codec<A, I> | DomainEvent.Versions<A>,
  more: { readonly version?: number; readonly name?: string } = {}
) => {
  const { name = "invoice.created", ...rest } = more
  return DomainEvent.define(name, {
    sourceModule: "finance",
    aggregateType: "Invoice",
    aggregateId: () => "1",
    payload,
    ...rest
  })
}

const golden = (payload: Schema.Json, version = 1) => ({ eventName: "invoice.created", version, payload })

const check = (
  before: DomainEvent.Definition.Any,
  now: DomainEvent.Definition.Any,
  options: Contracts.CheckOptions = {}
) => Contracts.check(Contracts.document([before]), [now], options)

/** The payload that shows a problem. */
const sampleOf = (problem: Contracts.Incompatible | undefined) => {
  assert.isDefined(problem?.sample)
  return problem?.sample as { readonly amount: number; readonly n: number; readonly kind: string }
}

const base = { id: Text, kind: Literals(["a", "b"]), note: optionalKey(Text), amount: Finite }

const withoutKind = { id: Text, note: optionalKey(Text), amount: Finite }

describe("within one version", () => {
  const cases: ReadonlyArray<readonly [string, Schema.Struct.Fields, ReadonlyArray<readonly [string, string]>]> = [
    ["nothing", base, []],
    ["a description", { ...base, id: Text.annotate({ description: "number of the invoice", title: "id" }) }, []],
    ["an optional field added", { ...base, more: optionalKey(Text) }, []],
    ["a required field added", { ...base, more: Text }, [["more", "was added and has to be there"]]],
    ["a field retyped", { ...base, amount: Text }, [["amount", "was number and is string"]]],
    [
      "a check added",
      { ...base, amount: Finite.check(Schema.isGreaterThan(0)) },
      [["amount", "has exclusiveMinimum 0 now, and had no exclusiveMinimum"]]
    ],
    [
      "a text that becomes a date",
      { ...base, id: Schema.DateTimeUtc },
      [["id", "was string and is string (DateTimeUtc)"]]
    ],
    [
      "a text that becomes a number",
      { ...base, id: Schema.FiniteFromString },
      [["id", "was string and is string (number)"]]
    ],
    ["a value taken away", { ...base, kind: Literals(["a"]) }, [["kind", 'may no longer be "b", but "a"']]],
    ["optional made required", { ...base, note: Text }, [["note", "could be left out and has to be there now"]]],
    ["a field removed", withoutKind, [["kind", "was removed"]]],
    ["a type added", { ...base, id: Schema.NullOr(Text) }, [["id", "may be null now, and was string"]]],
    ["a value added", { ...base, kind: Literals(["a", "b", "c"]) }, [["kind", 'may be "c" now, and was "a", "b"']]],
    [
      "required made optional",
      { ...base, amount: optionalKey(Finite) },
      [["amount", "had to be there and may be left out now"]]
    ]
  ]
  it.effect.each(cases)("%s", ([, now, expected]) =>
    Effect.gen(function* () {
      const found = yield* check(define(Struct(base)), define(Struct(now) as unknown as Schema.Codec<unknown, unknown>))
      assert.deepStrictEqual(
        found.map(({ change, path }) => [path, change]),
        expected.map(([path, change]) => [path, change])
      )
      for (const each of found) {
        assert.include(each, { event: "invoice.created", version: 1, verdict: "breaks" })
        assert.isDefined(each.sample, "a payload shows it")
      }
    })
  )

  it.effect("a check taken away: processes of before still have it", () =>
    Effect.gen(function* () {
      const [found] = yield* check(
        define(Struct({ n: Int.check(Schema.isGreaterThan(0)) })),
        define(Struct({ n: Int }))
      )
      assert.include(found, { path: "n", change: "had exclusiveMinimum 0, and has no exclusiveMinimum now" })
      assert.isAtMost(sampleOf(found).n, 0)
    })
  )

  it.effect("samples are payloads that are refused, and the same with the same seed", () =>
    Effect.gen(function* () {
      const narrowed = define(Struct({ ...base, kind: Literals(["a"]) }))
      const [first] = yield* check(define(Struct(base)), narrowed)
      const [again] = yield* check(define(Struct(base)), narrowed)
      assert.deepStrictEqual(first, again)
      assert.strictEqual(sampleOf(first).kind, "b")
      const [none] = yield* check(define(Struct(base)), narrowed, { samples: 0 })
      assert.isUndefined(none?.sample)
    })
  )
})

const V1 = Struct({ id: Text, amount: Finite })
const V2 = Struct({ id: Text, cents: Int, currency: Literals(["EUR", "USD"]) })

const chain = (up: (one: typeof V1.Type) => typeof V2.Type, down?: (two: typeof V2.Type) => typeof V1.Type) =>
  DomainEvent.versions(V1)
    .next(V2)
    .from(up, down === undefined ? {} : { down })

const cents = (amount: number) => Math.max(-1e15, Math.min(1e15, Math.round(amount * 100)))

const good = chain(({ amount, id }) => ({ id, cents: cents(amount), currency: "EUR" }))

describe("with a new version", () => {
  it.effect("a step that holds is fine, whatever changed", () =>
    Effect.map(check(define(V1), define(good)), (found) => assert.isEmpty(found))
  )

  it.effect("a step that throws is told with the payload", () =>
    Effect.gen(function* () {
      const throwing = chain(({ amount, id }) => {
        if (amount < 0) throw new Error("negative")
        return { id, cents: cents(amount), currency: "EUR" }
      })
      const [found] = yield* check(define(V1), define(throwing))
      assert.include(found?.change, "cannot be read, from version 1 to 2: Error: negative")
      assert.isBelow(sampleOf(found).amount, 0)
    })
  )

  it.effect("a step that gives what the schema refuses is told with path and payload", () =>
    Effect.gen(function* () {
      const [found] = yield* check(
        define(V1),
        define(chain(({ amount, id }) => ({ id, cents: amount, currency: "EUR" })))
      )
      assert.include(found, { version: 1, path: "cents" })
      assert.isFalse(Number.isSafeInteger(sampleOf(found).amount))
    })
  )

  it.effect("a golden payload decides, where made-up ones do not come by it", () =>
    Effect.gen(function* () {
      const picky = chain(({ amount, id }) => {
        if (id === "INV-0815") throw new Error("that one")
        return { id, cents: cents(amount), currency: "EUR" }
      })
      assert.isEmpty(yield* check(define(V1), define(picky)))
      const payload = { id: "INV-0815", amount: 1 }
      const committed = Contracts.document([define(V1)], { golden: [golden(payload)] })
      const [found] = yield* Contracts.check(committed, [define(picky)])
      assert.deepInclude(found, { sample: payload, version: 1 })
      assert.include(found?.advice, "golden")
    })
  )

  it.effect("a golden payload of the latest version is held by what JSON Schema does not know", () =>
    Effect.gen(function* () {
      const even = Int.check(Schema.makeFilter((n: number) => n % 2 === 0))
      const committed = Contracts.document([define(Struct({ n: Int }))], { golden: [golden({ n: 3 })] })
      const [found] = yield* Contracts.check(committed, [define(Struct({ n: even }))])
      assert.deepInclude(found, { path: "n", sample: { n: 3 } })
    })
  )

  it.effect("what a version itself refuses was never stored, so that a made-up payload of it shows nothing", () =>
    Effect.gen(function* () {
      // JSON Schema counts other characters, so it is told of one at least.
      const Long = Struct({ id: Text.check(Schema.isMinLength(5)) })
      const versions = DomainEvent.versions(Long)
        .next(Struct({ id: Text.check(Schema.isMinLength(4)) }))
        .from((one) => one)
      assert.isEmpty(yield* check(define(Long), define(versions)))
    })
  )

  it.effect("a mere number: only what is stored counts", () =>
    Effect.gen(function* () {
      assert.isEmpty(yield* check(define(V1), define(Struct({ id: Text }), { version: 2 })))
      const found = yield* check(define(V1), define(V2, { version: 2 }))
      assert.deepStrictEqual(
        found.map(({ path, version }) => [version, path]),
        [
          [1, "cents"],
          [1, "currency"]
        ]
      )
    })
  )

  it.effect("a lowered version, one left out, and an event that is gone are told", () =>
    Effect.gen(function* () {
      const [lowered] = (yield* check(define(good), define(V1))).filter(({ version }) => version === 2)
      assert.include(lowered?.change, "the latest version is 1 now")
      const [left] = yield* check(define(V1), define(DomainEvent.versions(V2, { number: 2 })))
      assert.include(left, { version: 1, change: "versions before 2 are not read any more" })
      const [gone] = yield* check(define(V1), define(V1, { name: "invoice.made" }))
      assert.include(gone, { event: "invoice.created", change: "is not defined any more" })
    })
  )

  it.effect("who is pinned to an earlier version is named when no step leads back", () =>
    Effect.gen(function* () {
      const pinned = [
        { by: "relay.nats", event: "invoice.created", version: 1 },
        { by: "relay.new", event: "invoice.created", version: 2 }
      ]
      const [found, ...others] = yield* check(define(V1), define(good), { pinned })
      assert.isEmpty(others)
      assert.include(found, { version: 2, change: "there is no way back to version 1, and relay.nats gets version 1" })
      const both = chain(
        ({ amount, id }) => ({ id, cents: cents(amount), currency: "EUR" }),
        (two) => ({ id: two.id, amount: two.cents / 100 })
      )
      assert.isEmpty(yield* check(define(V1), define(both), { pinned }))
    })
  )
})

it.effect("a schema that does not say what is stored cannot be compared, and golden payloads still decide", () =>
  Effect.gen(function* () {
    const isMap = (input: unknown): input is ReadonlyMap<string, string> => input instanceof Map
    const opaque = define(Schema.declare(isMap))
    assert.deepInclude(yield* check(opaque, opaque), {
      event: "invoice.created",
      version: 1,
      path: "",
      change: "its schema does not say what is stored, or is too large, so it cannot be compared",
      advice: "Give it a schema with a JSON form, or golden payloads to go by.",
      sample: undefined,
      about: "payload",
      verdict: "unknown"
    })
    const committed = Contracts.document([opaque], { golden: [golden({ a: 1 })] })
    assert.isEmpty(
      (yield* Contracts.check(committed, [define(Struct({ a: Int }))])).filter((_) => _.verdict === "breaks")
    )
    assert.isNotEmpty(
      (yield* Contracts.check(committed, [define(Struct({ b: Int }))])).filter((_) => _.verdict === "breaks")
    )
  })
)

it.effect("an optional field that was removed is told: one that comes later could not read what is stored", () =>
  Effect.gen(function* () {
    const nested = { ...base, lines: Schema.Array(Struct({ id: Text, note: optionalKey(Text) })) }
    const [found, ...others] = yield* check(
      define(Struct(nested)),
      define(Struct({ ...nested, lines: Schema.Array(Struct({ id: Text })) }))
    )
    assert.isEmpty(others)
    assert.include(found, { path: "lines[].note", verdict: "breaks" })
    assert.include(found?.change, "could be left out and was removed")
    assert.isEmpty(yield* check(define(Struct(nested)), define(Struct(nested))))
  })
)

it.effect("fields that become those of a union are not gone", () =>
  Effect.gen(function* () {
    const one = Struct({ kind: Literals(["a", "b"]), n: Finite })
    const each = Schema.Union([
      Struct({ kind: Schema.Literal("a"), n: Finite }),
      Struct({ kind: Schema.Literal("b"), n: Finite })
    ])
    const changes = (yield* check(define(one), define(each))).map(({ change }) => change)
    assert.isEmpty(changes.filter((change) => change.includes("was removed")))
    const [found, ...others] = yield* check(
      define(Struct({ address: Struct({ street: Text }) })),
      define(Struct({ address: Schema.NullOr(Struct({ street: Text })) }))
    )
    assert.isEmpty(others)
    assert.include(found, { path: "address", change: "may be null now, and was object" })
  })
)

it.effect("a version that is raised without the earlier one says how that is given", () =>
  Effect.gen(function* () {
    const [found] = yield* check(
      define(Struct(withoutKind)),
      define(Struct({ ...withoutKind, payer: Text }), { version: 2 })
    )
    assert.include(found, { version: 1, path: "payer", change: "was added and has to be there" })
    assert.include(found?.advice, "DomainEvent.versions(V1).next(V2).from(...)")
  })
)

it.effect("a schema that does not say any more what is stored breaks what was committed", () =>
  Effect.gen(function* () {
    const silent = define(Schema.declare((input: unknown): input is string => typeof input === "string"))
    const [found, ...others] = yield* check(define(Struct(base)), silent)
    assert.isEmpty(others)
    assert.include(found, { change: "its schema said what is stored, and does not any more", verdict: "breaks" })
  })
)

it.effect("the schema that is committed counts, not what its fingerprint says", () =>
  Effect.gen(function* () {
    const { contracts } = Contracts.document([define(Struct(base))]) as {
      readonly contracts: ReadonlyArray<{ readonly [key: string]: Schema.Json }>
    }
    const [{ fingerprint = "" } = {}] = Contracts.of([define(Struct(withoutKind))])
    const changed = { contracts: contracts.map((contract) => ({ ...contract, fingerprint })) }
    const [found] = yield* Contracts.check(changed, [define(Struct(withoutKind))])
    assert.include(found, { path: "kind", change: "was removed" })
  })
)

it.effect("an event that is defined twice is told, unless both go together", () =>
  Effect.gen(function* () {
    const committed = Contracts.document([define(Struct(base))])
    const other = Struct({ ...base, more: optionalKey(Text) })
    assert.isEmpty(yield* Contracts.check(committed, [define(other), define(Struct(base))]))
    const [found] = yield* Contracts.check(committed, [define(Struct(withoutKind)), define(Struct(base))])
    assert.include(found, { change: "is defined twice, by payloads that do not go together", verdict: "breaks" })
  })
)

it.effect("who is pinned to what there is none of is told", () =>
  Effect.gen(function* () {
    const pinned = [
      { by: "relay", event: "invoice.craeted", version: 1 },
      { by: "relay", event: "invoice.created", version: 2 }
    ]
    const found = yield* check(define(Struct(base)), define(Struct(base)), { pinned })
    assert.deepStrictEqual(
      found.map(({ change, event, verdict }) => [event, change, verdict]),
      [
        ["invoice.craeted", "is not defined, and relay is pinned to it", "breaks"],
        ["invoice.created", "the latest version is 1, and relay is pinned to 2", "breaks"]
      ]
    )
  })
)

it.effect.each([
  ["no object", 1],
  ["another document", { openapi: "3.1.0" }],
  ["a contract without its schema", { contracts: [{ eventName: "a", version: 1 }] }]
] as const)("%s is refused as contracts", ([, committed]) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Contracts.check(committed, []))
    assert.strictEqual(error._tag, "ContractFileInvalid")
    assert.include(error.message, "The committed contracts cannot be read as contracts:")
  })
)

it.effect("payloads that bite are only payloads: prototype keys and deep nesting", () =>
  Effect.gen(function* () {
    const Strange = Struct({ ["__proto__"]: Text, constructor: Text, "a.b/c~d": Text })
    assert.isEmpty(yield* check(define(Strange), define(Strange)))
    let deep: Schema.Codec<unknown, unknown> = Text as unknown as Schema.Codec<unknown, unknown>
    for (let level = 0; level < 200; level++) deep = Struct({ a: deep }) as unknown as Schema.Codec<unknown, unknown>
    assert.isEmpty(yield* check(define(deep), define(deep)))
  })
)
