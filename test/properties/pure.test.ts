/** Properties of the pure parts: delays, settings, patterns, batch sizes, versions. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Effect, Schedule, Schema } from "effect"
import * as BatchSize from "../../src/delivery/workers/batchSize.ts"
import * as Crew from "../../src/delivery/workers/crew.ts"
import { DomainEvent, RetryPolicy } from "../../src/index.ts"
import { maxBatchSize } from "../../src/model/Consumer.ts"
import { isPattern, matcher, overlap } from "../../src/model/eventPattern.ts"
import { decode, encoderOf } from "../../src/model/payloadCodec.ts"
import { defaults, definitions, environmentName, parse, resolve, type Values } from "../../src/settings/Settings.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("versions", () => {
  const Numbered = Schema.Struct({ at: Schema.DateTimeUtcFromMillis, steps: Schema.Array(Schema.Int) })

  it.effect.prop(
    "a payload that was stored in any of them is what the steps after that make of it",
    { first: between(1, 5), steps: Schema.Array(between(0, 9)).check(Schema.isMaxLength(8)), own: between(0, 8) },
    ({ first, own, steps }) =>
      Effect.gen(function* () {
        const of = { sourceModule: "tests", aggregateType: "Thing", aggregateId: () => "1" }
        const definitionOf = (count: number) =>
          DomainEvent.define("numbered", {
            ...of,
            payload: steps
              .slice(0, count)
              .reduce(
                (versions, step) => versions.next(Numbered).from(({ at, steps }) => ({ at, steps: [...steps, step] })),
                DomainEvent.versions(Numbered, { number: first })
              )
          })
        const before = Math.min(own, steps.length)
        const payload: typeof Numbered.Type = { at: DateTime.makeUnsafe(5), steps: [-1] }
        const stored = yield* encoderOf(definitionOf(before))(payload)
        const latest = definitionOf(steps.length)
        assert.strictEqual(latest.version, first + steps.length)
        const event = { eventName: "numbered", eventId: "id", schemaVersion: first + before, payload: stored }
        assert.deepStrictEqual(yield* decode(latest, event), { ...payload, steps: [-1, ...steps.slice(before)] })
      })
  )
})

describe("retry delays", () => {
  it.effect.prop(
    "double with each failure, up to an hour",
    { base: between(100, 100_000), failures: between(1, 60) },
    ({ base, failures }) =>
      Effect.gen(function* () {
        const delay = yield* RetryPolicy.delayAfter(RetryPolicy.exponential(base), failures)
        assert.strictEqual(delay, Math.min(base * 2 ** (failures - 1), RetryPolicy.maxDelayMillis))
      })
  )

  const plain = { baseMillis: 100, maxMillis: RetryPolicy.maxDelayMillis, jitter: 0, schedule: undefined }
  const failing = { maxAttempts: 100, deadLetters: true, isFatal: false, delayMillis: undefined }

  it.effect.prop(
    "are shortened by at most the jitter, and never longer than the cap",
    {
      failures: between(1, 20),
      maxMillis: between(100, 10_000),
      jitter: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
    },
    ({ failures, jitter, maxMillis }) =>
      Effect.gen(function* () {
        const full = Math.min(100 * 2 ** (failures - 1), maxMillis)
        const decision = yield* RetryPolicy.decide({ ...plain, ...failing, failures, maxMillis, jitter })
        assert.strictEqual(decision._tag, "Retry")
        if (decision._tag !== "Retry") return
        assert.isAtMost(decision.inMillis, full)
        assert.isAtLeast(decision.inMillis, full * (1 - jitter) - 1e-6)
      })
  )

  it.effect("follow a schedule of its own, up to the cap, and end where it ends", () =>
    Effect.gen(function* () {
      const schedule = Schedule.upTo(Schedule.fibonacci("1 second"), { times: 6 })
      const rules = { ...plain, ...failing, maxMillis: 4000, schedule }
      const decisions = yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7], (failures) =>
        RetryPolicy.decide({ ...rules, failures })
      )
      const again = (inMillis: number) => ({ _tag: "Retry", inMillis })
      assert.deepStrictEqual<unknown>(decisions, [
        ...[1000, 1000, 2000, 3000, 4000, 4000].map(again),
        { _tag: "GiveUp", status: "dead_letter" }
      ])
    })
  )

  it.effect.prop(
    "end exactly at maxAttempts, or at once when it is fatal",
    { failures: between(1, 20), maxAttempts: between(1, 20), isFatal: Schema.Boolean, deadLetters: Schema.Boolean },
    ({ deadLetters, failures, isFatal, maxAttempts }) =>
      Effect.gen(function* () {
        const decision = yield* RetryPolicy.decide({
          failures,
          maxAttempts,
          ...plain,
          deadLetters,
          isFatal,
          delayMillis: undefined
        })
        assert.deepStrictEqual(
          decision,
          isFatal || failures >= maxAttempts
            ? { _tag: "GiveUp", status: deadLetters ? "dead_letter" : "failed" }
            : { _tag: "Retry", inMillis: Math.min(100 * 2 ** (failures - 1), RetryPolicy.maxDelayMillis) }
        )
      })
  )
})

const names = Object.keys(definitions) as ReadonlyArray<keyof Values>

/** Anything somebody may write into a setting. */
const junk = Schema.Union([
  Schema.Null,
  Schema.Boolean,
  Schema.Number,
  Schema.String,
  Schema.Literals(["true", "false", "100", " 7 ", "-1", "1e3", "NaN"]),
  Schema.Array(Schema.Int)
])

const sourceOf = (values: ReadonlyArray<unknown>) =>
  Object.fromEntries(names.flatMap((name, index) => (values[index] === undefined ? [] : [[name, values[index]]])))

describe("settings", () => {
  const source = Arbitrary.array(Arbitrary.schema(junk), { maxLength: names.length })

  it.prop("are always valid, whatever the sources say", { weak: source, strong: source }, ({ strong, weak }) => {
    const { rejected, values } = resolve([sourceOf(weak), sourceOf(strong)])
    for (const name of names) assert.strictEqual(parse(name, values[name]), values[name])
    assert.isAtLeast(values.idlePollingIntervalMs, values.pollingIntervalMs)
    for (const { key } of rejected) assert.isTrue(names.some((name) => definitions[name].key === key))
  })

  it.prop("fall back to the next weaker valid source", { weak: junk, strong: junk }, ({ strong, weak }) => {
    const { values } = resolve([{ maxAttempts: weak }, { maxAttempts: strong }])
    assert.strictEqual(
      values.maxAttempts,
      parse("maxAttempts", strong) ?? parse("maxAttempts", weak) ?? defaults.maxAttempts
    )
  })

  it("have the keys, defaults and minimums of the reference", () => {
    const prefix = "core.integration.outbox."
    assert.deepStrictEqual(
      names.map((name) => {
        const setting = definitions[name]
        return [setting.key, setting.default, ...(setting.type === "number" ? [setting.minimum] : [])]
      }),
      [
        [`${prefix}enabled`, true],
        [`${prefix}processor.enabled`, true],
        [`${prefix}startupDrainEnabled`, true],
        [`${prefix}pollingIntervalMs`, 5000, 100],
        [`${prefix}idlePollingIntervalMs`, 30000, 100],
        [`${prefix}batchSize`, 10, 1],
        [`${prefix}maxAttempts`, 3, 1],
        [`${prefix}processingLeaseMs`, 30000, 1000],
        [`${prefix}retryBaseDelayMs`, 1000, 100],
        [`${prefix}retryMaxDelayMs`, 3_600_000, 100],
        [`${prefix}retryJitterPercent`, 0, 0],
        [`${prefix}deadLetterEnabled`, true],
        [`${prefix}startupDrainBatchSize`, 50, 1],
        [`${prefix}retentionHours`, 0, 0],
        [`${prefix}deadLetterRetentionHours`, 0, 0],
        [`${prefix}receivedRetentionHours`, 720, 0],
        [`${prefix}auditRetentionHours`, 8760, 0],
        [`${prefix}notifyEnabled`, true]
      ]
    )
    assert.strictEqual(environmentName("batchSize"), "CORE_INTEGRATION_OUTBOX_BATCH_SIZE")
    assert.strictEqual(environmentName("processorEnabled"), "CORE_INTEGRATION_OUTBOX_PROCESSOR_ENABLED")
    assert.strictEqual(environmentName("idlePollingIntervalMs"), "CORE_INTEGRATION_OUTBOX_IDLE_POLLING_INTERVAL_MS")
  })
})

/** The meaning of a pattern, word for word: `*` takes any number of characters, the rest takes itself. */
const matchesNaively = (pattern: string, name: string): boolean => {
  if (pattern === "") return name === ""
  if (pattern[0] === "*") {
    return matchesNaively(pattern.slice(1), name) || (name !== "" && matchesNaively(pattern, name.slice(1)))
  }
  return name !== "" && pattern[0] === name[0] && matchesNaively(pattern.slice(1), name.slice(1))
}

const textOf = (letters: ReadonlyArray<string>, maxLength: number) =>
  Arbitrary.map(Arbitrary.array(Arbitrary.schema(Schema.Literals(letters)), { maxLength }), (parts) => parts.join(""))

/** All texts over an alphabet up to a length. */
const allTexts = (letters: ReadonlyArray<string>, length: number): ReadonlyArray<string> =>
  length === 0 ? [""] : ["", ...allTexts(letters, length - 1).flatMap((rest) => letters.map((letter) => letter + rest))]

describe("patterns", () => {
  it.prop(
    "match what they say, and nothing but * is special",
    {
      pattern: textOf(["a", ".", "*", "_", "%", "\\", "(", "$", "\n"], 6),
      name: textOf(["a", ".", "_", "%", "\\", "(", "$", "\n", "b"], 6)
    },
    ({ name, pattern }) => {
      assert.strictEqual(matcher(pattern)(name), matchesNaively(pattern, name))
    },
    { arbitrary: { runs: 1000 } }
  )

  const everything = allTexts(["a", "b"], 7)

  it.prop(
    "overlap exactly when some name matches both",
    { left: textOf(["a", "b", "*"], 4), right: textOf(["a", "b", "*"], 4) },
    ({ left, right }) => {
      // A common name needs no more letters than both patterns have.
      assert.strictEqual(
        overlap(left, right),
        everything.some((name) => matcher(left)(name) && matcher(right)(name))
      )
    },
    { arbitrary: { runs: 300 } }
  )

  it("are told from names", () => {
    assert.isTrue(isPattern("invoice.*"))
    assert.isFalse(isPattern("invoice_%"))
  })
})

describe("batch sizes", () => {
  it("begin with no more than a batch may hold", () => {
    for (const name of ["batchSize", "startupDrainBatchSize"] as const) {
      assert.strictEqual(definitions[name].maximum, maxBatchSize)
      assert.strictEqual(parse(name, 500), 500)
      assert.isUndefined(parse(name, 501))
      const { rejected, values } = resolve([{ [name]: 2_147_483_647 }])
      assert.strictEqual(values[name], defaults[name])
      assert.deepInclude(rejected[0], { value: "2147483647", expected: "an integer from 1 to 500" })
    }
  })

  it.prop(
    "stay from 1 to 500, double until contention, then grow by ten",
    {
      first: between(1, 500),
      steps: Arbitrary.array(Arbitrary.schema(Schema.Literals(["full", "contended", "failed"])), { maxLength: 40 })
    },
    ({ first, steps }) => {
      let size = BatchSize.start(first)
      let wasContended = false
      for (const step of steps) {
        const before = size.current
        if (step === "full") size = BatchSize.grow(size)
        else size = step === "contended" ? BatchSize.afterContention(size) : BatchSize.afterFailure(size)
        assert.strictEqual(
          size.current,
          step === "full" ? Math.min(500, wasContended ? before + 10 : before * 2) : Math.max(1, Math.floor(before / 2))
        )
        wasContended ||= step === "contended"
      }
    }
  )

  it.prop(
    "stay as they are while payloads are small, and weigh at most 8 MiB by the last one's, but for a single delivery",
    { current: between(1, 500), claimed: between(1, 500), each: between(1, 20_000_000) },
    ({ claimed, current, each }) => {
      const size = { current, isDoubling: true }
      const bounded = BatchSize.within(size, claimed, claimed * each).current
      if (current * each <= BatchSize.largestPayloads) assert.strictEqual(bounded, current)
      else {
        assert.isTrue(bounded === 1 || bounded * each <= BatchSize.largestPayloads)
        assert.isAbove((bounded + 1) * each, BatchSize.largestPayloads)
      }
    }
  )

  it.prop(
    "a worker claims what it gets through in time, and leaves idle ones their share",
    { size: between(1, 500), idle: between(0, 99), handlerMillis: between(0, 1000) },
    ({ handlerMillis, idle, size }) => {
      const crew = { maxBatchTimeMillis: 100, workers: idle + 1 }
      const share = Crew.shareOf(crew, size, handlerMillis, idle)
      assert.isAtLeast(share, 1)
      assert.isAtMost(share, size)
      // No longer than a batch may take, but for the last handler.
      if (share > 1) assert.isBelow((share - 1) * handlerMillis, 100)
      // Work is divided as far as that is worth a transaction.
      if (share > 1 && idle > 0 && (share - 1) * handlerMillis >= 5) assert.isBelow((share - 1) * (idle + 1), size)
      assert.strictEqual(Crew.shareOf(crew, size, 0, idle), size)
      assert.strictEqual(Crew.shareOf(crew, size, undefined, idle), idle === 0 ? size : 1)
    }
  )
})
