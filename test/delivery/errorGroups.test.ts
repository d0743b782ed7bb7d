/** What fails is written down by groups, by whatever way it fails, and what does not costs nothing. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Data, Effect, Layer, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { addUnknown, make } from "../../src/delivery/maintenance/errorGroups.ts"
import {
  Consumer,
  DeadLetters,
  ErrorGroupStore,
  ErrorGroups,
  Integration,
  Processor,
  Publisher,
  Settings,
  Subscriber
} from "../../src/index.ts"
import type { Claimed, SeenFailures, Settlement } from "../../src/stores.ts"
import { databases } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

class NoRate extends Data.TaggedError("NoRate")<{ readonly n: number }> {
  override get message() {
    return `Invoice ${this.n} of "customer-${this.n % 2}" has no rate`
  }
}

const title = "NoRate: Invoice <number> of <text> has no rate"

const rateOf = (n: number) => Effect.fail(new NoRate({ n }))

type Within = Integration.Services | Scope.Scope

/** Runs an effect and looks at what it left: on a database in a second process, as the first has written it when it has ended. */
const runtimes = [
  ...databases.map(({ layer, name }) => ({
    name,
    run: <A, E, E2>(
      options: Integration.Options,
      effect: Effect.Effect<void, E, Within>,
      look: Effect.Effect<A, E2, Within>
    ) =>
      Effect.gen(function* () {
        yield* effect.pipe(Effect.scoped, Effect.provide(Integration.layer(options)))
        return yield* look.pipe(Effect.scoped, Effect.provide(Integration.layer({ settings: unpolled })))
      }).pipe(Effect.provide(layer))
  })),
  {
    name: "memory",
    run: <A, E, E2>(
      options: Integration.MemoryOptions,
      effect: Effect.Effect<void, E, Within>,
      look: Effect.Effect<A, E2, Within>
    ) =>
      Effect.andThen(Effect.scoped(effect), Effect.scoped(look)).pipe(Effect.provide(Integration.layerMemory(options)))
  }
] as const

const options = { settings: { ...unpolled, retryBaseDelayMs: 3_600_000 }, applicationVersion: "1.4.0" }

const groupsOf = (consumer: string) =>
  ErrorGroups.use((groups) => Effect.map(groups.list({ consumer }), (_) => _.groups))

describe.each(runtimes)("on $name", ({ run }) => {
  it.live.each(["transactional", "leased", "batch"] as const)(
    "failed attempts are of one group, whatever their ids and numbers are (%s)",
    (mode) => {
      const { Happened, happenings } = eventsOf(`grouped-${mode}`)
      const consumer = Consumer.make(`grouped-${mode}`, {
        mode: mode === "leased" ? mode : "transactional",
        retryable: { NoRate: (error: NoRate) => error.n === 3 }
      })
      const effect = Effect.gen(function* () {
        yield* serve(
          mode === "batch"
            ? Subscriber.batch({ consumer, event: Happened, handler: ([event]) => rateOf(event?.payload.n ?? 0) })
            : Subscriber.make({ consumer, event: Happened, handler: ({ payload }) => rateOf(payload.n) })
        )
        yield* Publisher.publishAll(happenings(5))
        yield* Processor.use((processor) => processor.drain)
      })
      const look = Effect.gen(function* () {
        const [group, ...others] = yield* groupsOf(consumer.name)
        assert.isEmpty(others)
        assert.ok(group !== undefined)
        const { attempts, errorTag, events, gaveUp, retrying, rule, schemaVersions, state, versions } = group
        assert.strictEqual(group.title, title)
        assert.deepStrictEqual(
          { attempts, errorTag, events, gaveUp, retrying, rule, schemaVersions, state, versions },
          {
            ...{ attempts: 5, errorTag: "NoRate", events: [Happened.name], gaveUp: 4, retrying: 1, rule: 1 },
            ...{ schemaVersions: [1], state: "new", versions: ["1.4.0"] }
          }
        )
        assert.match(group.sampleDetail ?? "", /NoRate: Invoice \d of "customer-\d" has no rate\n\s+at /)
        const details = yield* ErrorGroups.use((groups) => groups.get(group.fingerprint))
        assert.deepStrictEqual(
          details.differs.map(({ placeholder, values }) => [placeholder, values.length]),
          [
            ["<number>", 5],
            ["<text>", 2]
          ]
        )
        assert.deepStrictEqual(details.differs[1]?.values[0], { value: '"customer-0"', count: 3 })
        assert.strictEqual(details.deliveries.length, 4)
        assert.strictEqual(details.deliveries[0]?.fingerprint, group.fingerprint)
        assert.strictEqual(details.behind, 0)
        assert.strictEqual(
          details.hourly.reduce((sum, hour) => sum + hour.attempts, 0),
          5
        )
        const requeued = yield* DeadLetters.use((letters) => letters.requeueAll({ fingerprint: group.fingerprint }))
        assert.strictEqual(requeued, 4)
      })
      return run(options, effect, look)
    }
  )

  it.live(
    "a delivery that succeeds after all is of no group, and one that fails after it was resolved makes it new",
    () => {
      const { Happened } = eventsOf("regression")
      let isBroken = true
      const effect = Effect.gen(function* () {
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("regression", { maxAttempts: 1 }),
            event: Happened,
            handler: ({ payload }) => (isBroken ? rateOf(payload.n) : Effect.void)
          })
        )
        const drain = Processor.use((processor) => processor.drain)
        yield* Publisher.publish(Happened, { n: 1 })
        yield* drain
        isBroken = false
        yield* DeadLetters.use((letters) => letters.requeueAll({ consumer: "regression" }))
        yield* drain
      })
      const again = Effect.gen(function* () {
        const [group] = yield* groupsOf("regression")
        const { change } = yield* ErrorGroups
        assert.ok(group !== undefined)
        assert.deepStrictEqual([group.gaveUp, group.retrying, group.attempts], [0, 0, 1])
        const resolved = yield* change(group.fingerprint, { state: "resolved", note: "rates are there" }, "ann")
        assert.strictEqual(resolved.state, "resolved")
        yield* Effect.sleep(5)
        // As another process tells of it.
        yield* ErrorGroupStore.use((store) =>
          store.add([{ ...group, attempts: 1, firstAgoMillis: 0, lastAgoMillis: 0 }])
        )
        const [after] = yield* groupsOf("regression")
        assert.deepStrictEqual([after?.state, after?.note, after?.changedBy], ["new", "rates are there", "ann"])
        assert.deepStrictEqual(after?.resolvedAt, resolved.resolvedAt)
      })
      return run(options, effect, again)
    }
  )

  it.live("what is asked of groups is refused when it makes no sense, and nothing is changed", () => {
    const look = Effect.gen(function* () {
      const groups = yield* ErrorGroups
      // biome-ignore lint/suspicious/noExplicitAny: types do not reach everybody
      const change = (value: any, by: any = "ann") => groups.change("5", value, by)
      const refused = [
        groups.list({ limit: 0 }),
        groups.list({ limit: 201 }),
        groups.list({ after: "yesterday" }),
        // biome-ignore lint/suspicious/noExplicitAny: as above
        groups.list({ states: ["old"] } as any),
        // biome-ignore lint/suspicious/noExplicitAny: as above
        groups.list({ consumr: "a" } as any),
        change({ state: "gone" }),
        change({ state: "known", ignoredUntil: new Date() }),
        change({ state: "ignored", ignoredUntil: "soon" }),
        change({ note: "x".repeat(1024) }),
        change({ note: "" }, ""),
        change(null),
        change({ state: "known" }),
        groups.get("5"),
        groups.get("not a number")
      ]
      const tags = yield* Effect.forEach(refused, (each) =>
        Effect.map(Effect.flip(each as Effect.Effect<unknown, Error & { readonly _tag: string }>), ({ _tag }) => _tag)
      )
      assert.deepStrictEqual(tags, [
        ...Array.from({ length: 11 }, () => "InvalidOption"),
        ...Array.from({ length: 3 }, () => "ErrorGroupNotFound")
      ])
    })
    return run({ settings: unpolled }, Effect.void, look)
  })
})

it.live("the version of the application is that of the environment, unless another one is said", () => {
  const { Happened } = eventsOf("versioned")
  const versions = (given: Integration.MemoryOptions) =>
    Effect.gen(function* () {
      yield* serve(
        Subscriber.make({ consumer: "versioned", event: Happened, handler: ({ payload }) => rateOf(payload.n) })
      )
      yield* Publisher.publish(Happened, { n: 1 })
      yield* Processor.use((processor) => processor.drain)
      return (yield* groupsOf("versioned"))[0]?.versions
    }).pipe(
      Effect.scoped,
      Effect.provide(Integration.layerMemory({ settings: { retryBaseDelayMs: 3_600_000 }, ...given })),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ APP_VERSION: "2.0.0" })))
    )
  return Effect.gen(function* () {
    assert.deepStrictEqual(yield* versions({}), ["2.0.0"])
    assert.deepStrictEqual(yield* versions({ applicationVersion: "3.0.0" }), ["3.0.0"])
    assert.deepStrictEqual(yield* versions({ applicationVersion: "" }), [])
  })
})

/** A store in memory that gathers as a server's does, and fails when it is told to. */
const gathering = Effect.gen(function* () {
  const store = yield* ErrorGroupStore
  const settings = yield* Settings
  const added: Array<ReadonlyArray<SeenFailures>> = []
  const state = { isAway: false }
  const failing: ErrorGroupStore["Service"] = {
    ...store,
    gatherMillis: 10_000,
    add: (seen) =>
      Effect.suspend(() => {
        if (state.isAway) return Effect.die(new Error("away"))
        added.push(seen)
        return store.add(seen)
      })
  }
  const failed = (n: number, group: number) => ({
    row: { consumer: "gathered", eventName: `event-${n % 30}`, schemaVersion: 1 } as Claimed,
    settlement: {
      ...{ errorTag: "NoRate", error: `no rate for ${n}`, status: "dead_letter" },
      failure: {
        ...{ durationMillis: 1, detail: "no rate" },
        group: { fingerprint: String(1000 + group), rule: 1, title: "no rate for <number>" }
      }
    } as Settlement
  })
  return { added, state, failed, services: { store: failing, settings, version: undefined } }
})

describe("a process", () => {
  it.effect("writes nothing while nothing fails, once in ten seconds in a storm, and the rest at its end", () =>
    Effect.gen(function* () {
      const { added, failed, services } = yield* gathering
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { note } = yield* make(services)
          yield* TestClock.adjust("10 minutes")
          assert.isEmpty(added)
          for (let n = 0; n < 5000; n++) yield* note([failed(n, n % 3)])
          yield* TestClock.adjust("9 seconds")
          assert.isEmpty(added)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(
            added.map((seen) => seen.map(({ attempts, events }) => [attempts, events.length])),
            [
              [
                [1667, 10],
                [1667, 10],
                [1666, 10]
              ]
            ]
          )
          yield* note([failed(1, 0)])
          yield* TestClock.adjust("5 seconds")
        })
      )
      assert.lengthOf(added, 2)
      const store = yield* ErrorGroupStore
      assert.strictEqual((yield* store.find("1000"))?.attempts, 1668)
    }).pipe(Effect.provide(Integration.layerMemory()))
  )

  it.effect("keeps what it cannot write, of at most a thousand groups, and tells of it once", () =>
    Effect.gen(function* () {
      const { added, failed, services, state } = yield* gathering
      const { note } = yield* make(services)
      state.isAway = true
      for (let n = 0; n < 3000; n++) yield* note([failed(n, n % 1500)])
      yield* TestClock.adjust("1 minute")
      yield* note([failed(1, 0)])
      yield* TestClock.adjust("1 minute")
      assert.isEmpty(added)
      state.isAway = false
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual([added.length, added[0]?.length, added[0]?.[0]?.attempts], [1, 1000, 3])
      // The first was two minutes ago, and more.
      assert.isAtLeast(added[0]?.[0]?.firstAgoMillis ?? 0, 120_000)
      assert.isAtMost(added[0]?.[0]?.lastAgoMillis ?? 0, 80_000)
    }).pipe(Effect.scoped, Effect.provide(Integration.layerMemory()))
  )
})

describe.each(databases)("on $name", ({ layer }) => {
  it.live("groups that a killed process did not tell of are found by their deliveries", () =>
    Effect.gen(function* () {
      const { Happened, happenings } = eventsOf("orphans")
      const sql = yield* SqlClient.SqlClient
      const store = yield* ErrorGroupStore
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("orphans", { maxAttempts: 1 }),
          event: Happened,
          handler: ({ payload }) => rateOf(payload.n)
        })
      )
      yield* Publisher.publishAll(happenings(3))
      yield* Processor.use((processor) => processor.drain)
      // The processor has not written yet.
      assert.isEmpty(yield* groupsOf("orphans"))
      yield* addUnknown({ store, settings: yield* Settings, version: undefined })
      const [group] = yield* groupsOf("orphans")
      assert.deepStrictEqual([group?.title, group?.errorTag, group?.gaveUp], [title, "NoRate", 3])
      const rows = yield* sql<{ fingerprint: string }>`
        SELECT DISTINCT error_fingerprint::text AS "fingerprint" FROM inbox_event WHERE consumer_name = 'orphans'`
      assert.deepStrictEqual(rows, [{ fingerprint: group?.fingerprint ?? "" }])
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(Integration.layer(options), layer)))
  )

  it.live("a delivery's fingerprint is gone when it is processed, and none is written before anything fails", () =>
    Effect.gen(function* () {
      const { Happened, happenings } = eventsOf("fingerprints")
      const sql = yield* SqlClient.SqlClient
      let isBroken = true
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("fingerprints", { retryBaseDelay: "1 hour" }),
          event: Happened,
          handler: ({ payload }) => (isBroken && payload.n < 2 ? rateOf(payload.n) : Effect.void)
        })
      )
      const count = (condition: string) =>
        Effect.map(
          sql.unsafe<{ count: number }>(
            `SELECT count(*)::int AS "count" FROM inbox_event WHERE consumer_name = 'fingerprints' AND ${condition}`
          ),
          ([row]) => row?.count
        )
      yield* Publisher.publishAll(happenings(5))
      yield* Processor.use((processor) => processor.drain)
      assert.strictEqual(yield* count("error_fingerprint IS NOT NULL AND status = 'failed'"), 2)
      assert.strictEqual(yield* count("error_fingerprint IS NULL AND status = 'processed'"), 3)
      isBroken = false
      yield* sql`UPDATE inbox_event SET available_at = now() WHERE consumer_name = 'fingerprints' AND status = 'failed'`
      yield* Processor.use((processor) => processor.drain)
      assert.strictEqual(yield* count("status = 'processed'"), 5)
      assert.strictEqual(yield* count("error_fingerprint IS NOT NULL"), 0)
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(Integration.layer({ settings: unpolled }), layer)))
  )
})
