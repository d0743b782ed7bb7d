/** What the doctor finds of consumers, events and settings, on every store; and that what is healthy has nothing. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import {
  Consumer,
  Doctor,
  DoctorChecks,
  type Finding,
  Processor,
  Publisher,
  SettingStore,
  Settings,
  Subscriber,
  SubscriptionStore
} from "../../src/index.ts"
import { kinds } from "../../src/operations/Doctor.ts"
import { runtimes } from "../support/databases.ts"
import { checkOf, examined, findingsOf, subscribed } from "../support/doctors.ts"
import { eventsOf, serve, settledAll, unpolled, until } from "../support/scenario.ts"

const handler = () => Effect.void

const settings = { ...unpolled, retryBaseDelayMs: 100 }

describe.each(runtimes)("on $name", ({ layer, name: runtime }) => {
  withLayer(layer({ settings }), { excludeTestServices: true, timeout: "60 seconds" })("what is healthy", (it) => {
    it.effect("has no findings, and every check looked, or says why not", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("healthy")
        yield* serve(
          Subscriber.make({ consumer: Consumer.make("healthy", { ordering: "aggregate" }), event: Happened, handler })
        )
        yield* settledAll(happenings(20))
        const { at, checks, findings } = yield* examined()
        assert.deepStrictEqual(findings, [])
        assert.isAtMost(Math.abs(Date.now() - at.getTime()), 60_000)
        const skipped = checks.filter(({ outcome }) => outcome === "skipped")
        assert.deepStrictEqual(
          skipped.map(({ id }) => id),
          {
            PostgreSQL: [],
            PGlite: ["notifications", "transactions"],
            memory: ["schema", "writable", "notifications", "clocks", "transactions", "vacuum", "objects", "retention"]
          }[runtime]
        )
        for (const { why } of skipped) assert.match(why ?? "", /^[A-Z].*\.$/)
        const others = checks.filter((check) => !skipped.includes(check))
        assert.isTrue(others.every(({ outcome, why }) => outcome === "ok" && why === null))
        assert.isAtLeast(checks.length, 16)
      })
    )
  })

  withLayer(layer({ settings }), { excludeTestServices: true, timeout: "60 seconds" })("what is found", (it) => {
    it.effect("a consumer that is paused for long, and at once one that was paused by its failures", () =>
      Effect.gen(function* () {
        yield* subscribed("paused", "paused.event")
        yield* subscribed("braked", "braked.event")
        yield* Processor.use((processor) => processor.pause("paused"))
        yield* SubscriptionStore.use((store) => store.brake("braked", "9 of 10 attempts failed.", 0))
        const report = yield* examined()
        assert.deepStrictEqual(findingsOf(report, "consumer-paused"), [])
        const [braked] = findingsOf(report, "consumer-braked", "braked")
        assert.match(braked?.detail ?? "", /^Consumer "braked" was paused .* ago: 9 of 10 attempts failed\.$/)
        assert.strictEqual(braked?.command, "npx effect-integration consumers resume braked")
        const [paused] = findingsOf(
          yield* until(examined({ pause: 0 }), (_) => findingsOf(_, "consumer-paused").length > 0),
          "consumer-paused"
        )
        assert.match(paused?.detail ?? "", /^Consumer "paused" has been paused for \d+ \w+\.$/)
        assert.strictEqual(paused?.severity, "warning")
        yield* Processor.use((processor) => processor.resume("paused"))
        assert.deepStrictEqual(findingsOf(yield* examined({ pause: 0 }), "consumer-paused"), [])
      })
    )

    it.effect("a consumer that a handler asked to hold", () =>
      Effect.gen(function* () {
        yield* subscribed("held consumer", "held.event")
        yield* SubscriptionStore.use((store) => store.cool("held consumer", 7_200_000))
        const [held] = findingsOf(yield* examined(), "consumer-held")
        assert.match(
          held?.detail ?? "",
          /^Consumer "held consumer" is held by a handler for (2 hours|1 hour 59 minutes) more\.$/
        )
      })
    )

    it.effect("a consumer that is behind, a subscription that nobody serves, and what waits for it", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("waiting")
        yield* subscribed("waits here", Happened.name)
        yield* Publisher.publishAll(happenings(3))
        assert.deepStrictEqual(findingsOf(yield* examined(), "consumer-late"), [])
        const report = yield* until(
          examined({ lag: 0 }),
          (_) => findingsOf(_, "consumer-late", "waits here").length > 0
        )
        const [late] = findingsOf(report, "consumer-late", "waits here")
        assert.match(late?.detail ?? "", /^The oldest delivery of consumer "waits here" has been due for \d+ \w+\.$/)
        const [unserved] = findingsOf(report, "subscription-unserved", "waits here")
        assert.match(
          unserved?.detail ?? "",
          /serves "waiting\.happened" for consumer "waits here".* 3 wait for it, the oldest since /
        )
        assert.strictEqual(
          unserved?.command,
          "npx effect-integration consumers retire 'waits here' --event waiting.happened"
        )
      })
    )

    it.effect("deliveries that gave up lately", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("growing")
        yield* serve(
          Subscriber.make({ consumer: "growing", event: Happened, handler: () => Subscriber.fatal(new Error("never")) })
        )
        yield* settledAll(happenings(3))
        assert.deepStrictEqual(findingsOf(yield* examined({ gaveUpPerHour: 3 }), "dead-letters-growing"), [])
        const [growing] = findingsOf(yield* examined({ gaveUpPerHour: 2 }), "dead-letters-growing")
        assert.strictEqual(growing?.detail, '3 deliveries of consumer "growing" gave up within the last hour.')
        assert.strictEqual(growing?.command, "npx effect-integration errors --consumer growing")
      })
    )

    it.effect("events that nobody hears, by name", () =>
      Effect.gen(function* () {
        const { Followed, Happened, happenings } = eventsOf("unheard")
        yield* subscribed("hears", "unheard.foll*")
        yield* Publisher.publishAll(happenings(2))
        yield* Publisher.publish(Followed, { n: 1 })
        const [unheard, ...others] = findingsOf(yield* examined(), "event-unheard")
        assert.deepStrictEqual([unheard?.subject, others], [Happened.name, []])
        assert.match(unheard?.detail ?? "", /^2 of the latest 1,000 events are "unheard.happened"/)
      })
    )

    it.effect("settings that were rejected, or that nobody knows", () =>
      Effect.gen(function* () {
        const store = yield* SettingStore
        const keys = ["core.integration.outbox.maxAttempts", "core.integration.outbox.maxAttemps"] as const
        yield* store.set(keys[0], -3)
        yield* store.set(keys[1], 3)
        yield* Settings.use((current) => current.refresh)
        const report = yield* examined()
        const [rejected] = findingsOf(report, "setting-rejected", keys[0])
        assert.strictEqual(
          rejected?.detail,
          `${keys[0]} is -3, expected an integer from 1 to 2147483647; 3 is in force.`
        )
        assert.strictEqual(findingsOf(report, "setting-unknown", keys[1]).length, 1)
        yield* Effect.forEach(keys, (key) => store.remove(key))
        yield* Settings.use((current) => current.refresh)
        const after = yield* examined()
        assert.deepStrictEqual([...findingsOf(after, "setting-rejected"), ...findingsOf(after, "setting-unknown")], [])
      })
    )

    it.effect("what others contribute; a check that fails, dies or never ends harms no other", () =>
      Effect.gen(function* () {
        const finding: Finding = {
          id: "dashboard-open",
          severity: "error",
          title: "Anybody can use the dashboard",
          detail: "It listens at 0.0.0.0 without auth.",
          cause: "No auth was given.",
          mend: "Give it one.",
          command: null,
          subject: null
        }
        const check = (id: string, run: Effect.Effect<ReadonlyArray<Finding>, unknown>) => ({ id, title: id, run })
        const report = yield* Effect.provideService(examined(), DoctorChecks, [
          check("fails", Effect.fail(new Error("no luck"))),
          check("dies", Effect.die("broken")),
          check("never-ends", Effect.never),
          check("dashboard", Effect.succeed([finding]))
        ])
        assert.deepStrictEqual(report.findings[0], finding)
        const outcomes = report.checks.slice(-4).map(({ id, outcome, why }) => [id, outcome, why])
        assert.deepStrictEqual(outcomes, [
          ["fails", "failed", "no luck"],
          ["dies", "failed", "broken"],
          ["never-ends", "failed", "It took longer than five seconds."],
          ["dashboard", "found", null]
        ])
        assert.strictEqual(checkOf(report, "settings")?.outcome, "ok")
      })
    )
  })

  withLayer(
    Layer.provideMerge(
      layer({ settings }),
      Layer.succeed(DoctorChecks, [{ id: "own", title: "Own", run: Effect.succeed([]) }])
    ),
    { excludeTestServices: true, timeout: "60 seconds" }
  )("an application", (it) => {
    it.effect("has checks of its own, each once", () =>
      Effect.gen(function* () {
        const { checks } = yield* Doctor.use((doctor) => doctor.run)
        assert.strictEqual(checks.filter(({ id }) => id === "own").length, 1)
      })
    )
  })
})

describe("kinds of findings", () => {
  withLayer(Layer.empty)((it) => {
    it.effect("have ids in kebab-case, each once, and whole sentences", () =>
      Effect.sync(() => {
        assert.strictEqual(new Set(kinds.map(({ id }) => id)).size, kinds.length)
        for (const { cause, id, mend, title } of kinds) {
          assert.match(id, /^[a-z]+(-[a-z]+)+$/)
          assert.match(title, /^[A-Z].*[^.]$/)
          assert.match(cause, /^[A-Z].*\.$/)
          assert.match(mend, /^[A-Z].*\.$/)
        }
      })
    )
  })
})
