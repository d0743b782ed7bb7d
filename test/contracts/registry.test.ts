/** The contract registry: who registers what, what of it is written, and what happens when two say different things. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Schema } from "effect"
import { ContractStore, Contracts, DomainEvent, Subscriber } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const { Finite, String: Text, Struct, optionalKey } = Schema

const V1 = Struct({ id: Text, amount: Finite })

const define = <A, I>(payload: Schema.Codec<A, I> | DomainEvent.Versions<A>, more = {}) =>
  DomainEvent.define("invoice.created", {
    sourceModule: "finance",
    aggregateType: "Invoice",
    aggregateId: () => "1",
    payload,
    ...more
  })

const start = <E, R>(layer: Layer.Layer<never, E, R>) => Effect.scoped(Layer.build(layer))

/** What is registered, and how often it was written while an effect ran. */
const stored = Effect.map(Contracts.all, (all) => all.map((_) => [_.eventName, _.version, _.fingerprint, _.owner]))

/** Texts that are logged while an effect runs. */
const logged = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const texts: Array<string> = []
  const logger = Logger.make(({ message }) => {
    texts.push(String(message))
  })
  yield* Effect.provide(effect, Logger.layer([logger]))
  return texts
})

describe.each(runtimes)("$name", ({ layer }) => {
  const live = <E, R>(name: string, test: Effect.Effect<void, E, R>) =>
    it.live(name, () => Effect.provide(test as Effect.Effect<void, E, never>, layer({ settings: unpolled })))

  live(
    "a layer registers every version, once",
    Effect.gen(function* () {
      const versions = DomainEvent.versions(V1)
        .next(Struct({ id: Text }))
        .from(({ id }) => ({ id }))
      const definition = define(versions, { owner: "team finance" })
      yield* start(Contracts.layer([definition, definition]))
      const first = yield* Contracts.all
      assert.deepStrictEqual(
        first.map(({ firstSeenAt: _, lastSeenAt: __, ...contract }) => contract),
        [...Contracts.of([definition])]
      )
      yield* start(Contracts.layer([definition]))
      assert.deepStrictEqual(yield* Contracts.all, first, "nothing changed, so nothing was written")
    })
  )

  live(
    "subscribers register what their definitions say, and names nothing",
    Effect.gen(function* () {
      const handler = () => Effect.void
      const subscribers = [
        Subscriber.make({ consumer: "operations.tasks", event: define(V1), handler }),
        Subscriber.make({ consumer: "operations.audit", event: "invoice.*", handler })
      ]
      yield* start(Subscriber.layer(...subscribers))
      assert.deepStrictEqual(
        (yield* stored).map(([name, version]) => [name, version]),
        [["invoice.created", 1]]
      )
    })
  )

  live(
    "what both can read takes the place of what was there: an optional field, a description, an owner",
    Effect.gen(function* () {
      yield* start(Contracts.layer([define(V1)]))
      const [before] = yield* Contracts.all
      const wider = define(Struct({ ...V1.fields, note: optionalKey(Text) }), {
        owner: "me",
        deprecated: "use another"
      })
      yield* start(Contracts.layer([wider]))
      const [after] = yield* Contracts.all
      assert.include(after, { owner: "me", deprecated: "use another" })
      assert.notStrictEqual(after?.fingerprint, before?.fingerprint)
      assert.deepStrictEqual(after?.firstSeenAt, before?.firstSeenAt)
    })
  )

  live(
    "another payload under the same version is refused, with path, and nothing is registered",
    Effect.gen(function* () {
      yield* start(Contracts.layer([define(V1)]))
      const before = yield* Contracts.all
      const other = DomainEvent.define("invoice.paid", {
        sourceModule: "finance",
        aggregateType: "Invoice",
        aggregateId: () => "1",
        payload: V1
      })
      const error = yield* Effect.flip(start(Contracts.layer([define(Struct({ id: Text, cents: Finite })), other])))
      assert.strictEqual(error._tag, "ContractConflict")
      if (error._tag !== "ContractConflict") return
      assert.deepStrictEqual(
        error.problems.map(({ change, path }) => `${path} ${change}`),
        ["amount was removed", "cents was added and has to be there"]
      )
      assert.include(error.message, 'Version 1 of event "invoice.created" is registered already with another payload:')
      assert.include(error.message, "Give the changed payload a next version")
      assert.deepStrictEqual(yield* Contracts.all, before)
    })
  )

  live(
    "two definitions of one version that do not go together are refused, and nothing is registered",
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        start(Contracts.layer([define(V1), define(Struct({ id: Text, cents: Finite }))]))
      )
      assert.include(error.message, 'Version 1 of event "invoice.created" is defined twice')
      assert.isEmpty(yield* Contracts.all)
    })
  )

  live(
    "options that are none are refused",
    Effect.gen(function* () {
      const misspelt = { onConflict: "wran" as "warn" }
      const error = yield* Effect.flip(start(Contracts.layer([define(V1)], misspelt)))
      assert.strictEqual(error.message, 'Option onConflict of Contracts.layer is wran, expected "refuse" or "warn".')
    })
  )

  live(
    "or is said in the log and takes its place, as subscribers have it",
    Effect.gen(function* () {
      yield* start(Contracts.layer([define(V1)]))
      const changed = define(Struct({ id: Text, cents: Finite }))
      const warned = yield* logged(start(Contracts.layer([changed], { onConflict: "warn" })))
      assert.lengthOf(
        warned.filter((text) => text.includes("amount")),
        1
      )
      assert.isEmpty(yield* logged(start(Contracts.layer([changed], { onConflict: "warn" }))))
      const subscriber = Subscriber.make({
        consumer: "operations.tasks",
        event: define(V1),
        handler: () => Effect.void
      })
      const again = yield* logged(start(Subscriber.layer(subscriber)))
      assert.lengthOf(
        again.filter((text) => text.includes("cents")),
        1
      )
    })
  )

  live(
    "a row that was changed by hand is told",
    Effect.gen(function* () {
      const store = yield* ContractStore
      yield* start(Contracts.layer([define(V1)]))
      const [contract] = Contracts.of([define(V1)])
      assert.isDefined(contract)
      if (contract === undefined) return
      yield* store.replace([{ ...contract, jsonSchema: { type: "string" }, fingerprint: "0".repeat(64) }])
      const error = yield* Effect.flip(start(Contracts.layer([define(V1)])))
      assert.include(error.message, "was string and is object")
      yield* store.replace([{ ...contract, jsonSchema: { $ref: "#/$defs/gone" }, fingerprint: "1".repeat(64) }])
      assert.include((yield* Effect.flip(start(Contracts.layer([define(V1)])))).message, "was anything and is object")
    })
  )

  live(
    "of several that start at once with different payloads one counts, and the others are refused",
    Effect.gen(function* () {
      const definitions = [Struct({ a: Text }), Struct({ b: Text }), Struct({ c: Text })].map((payload) =>
        define(payload as unknown as Schema.Codec<unknown, unknown>)
      )
      const results = yield* Effect.forEach(definitions, (_) => Effect.result(start(Contracts.layer([_]))), {
        concurrency: "unbounded"
      })
      assert.lengthOf(
        results.filter((result) => result._tag === "Success"),
        1
      )
      assert.lengthOf(yield* Contracts.all, 1)
    })
  )

  live(
    "names that do not fit are refused, and nothing is written",
    Effect.gen(function* () {
      const owner = yield* Effect.flip(start(Contracts.layer([define(V1, { owner: "x".repeat(128) })])))
      assert.include(owner.message, 'Invalid owner of event "invoice.created"')
      const deprecated = yield* Effect.flip(start(Contracts.layer([define(V1, { deprecated: "\u0000" })])))
      assert.include(deprecated.message, 'Invalid deprecated of event "invoice.created"')
      const version = yield* Effect.flip(start(Contracts.layer([define(DomainEvent.versions(V1), { version: 7 })])))
      assert.include(version.message, "version of event")
      assert.isEmpty(yield* Contracts.all)
    })
  )
})
