/**
 * What every `ErrorGroupStore` does.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { ErrorGroupStore, largestSeen } from "../../stores/ErrorGroupStore.ts"
import { checkOf } from "./Check.ts"
import { failureOf, found, newGroup, seenOf } from "./errorGroupSupport.ts"
import { settleNext, unique, withDeliveries } from "./support.ts"

const check = checkOf("ErrorGroupStore")

const dayMillis = 86_400_000

const hourMillis = 3_600_000

/** Forgets all that is to be forgotten. */
const forgetAll = Effect.gen(function* () {
  const store = yield* ErrorGroupStore
  for (let after: string | undefined; ; ) {
    const { next } = yield* store.forget(after, 5)
    if (next === undefined) return
    after = next
  }
})

export const errorGroupStore = [
  check(
    "adds up what was seen of a group, and keeps its last sample",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const group = newGroup()
      const before = yield* store.find(group.fingerprint)
      assert.equal(before, undefined)
      yield* store.add([seenOf(group, { attempts: 3, firstAgoMillis: 60_000, lastAgoMillis: 30_000 })])
      yield* store.add([
        seenOf(group, { attempts: 4, sample: "no rate for 2", events: ["b"], schemaVersions: [2], versions: ["1.1.0"] })
      ])
      yield* store.add([])
      const after = yield* found(group.fingerprint)
      assert.partialDeepStrictEqual(after, {
        ...group,
        consumer: "conformance",
        errorTag: "NoRate",
        sample: "no rate for 2",
        attempts: 7,
        events: ["a", "b"],
        schemaVersions: [1, 2],
        versions: ["1.0.0", "1.1.0"],
        state: "new",
        ignoredUntil: null,
        resolvedAt: null,
        note: null,
        changedBy: null,
        changedAt: null,
        gaveUp: 0,
        retrying: 0
      })
      const took = after.lastSeenAt.getTime() - after.firstSeenAt.getTime()
      assert.ok(took >= 60_000 && took < 120_000, `first seen a minute before, not ${took} ms`)
      const hours = yield* store.hourly([group.fingerprint], 24)
      assert.equal(
        hours.reduce((sum, { attempts }) => sum + attempts, 0),
        7
      )
      assert.ok(hours.every(({ at }) => at.getTime() % 3_600_000 === 0))
    })
  ),

  check(
    "keeps the names and versions that were seen last, and texts that a database refuses",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const group = newGroup()
      const names = Array.from({ length: largestSeen + 5 }, (_, n) => `event-${n}`)
      for (const name of names) yield* store.add([seenOf(group, { events: [name], sample: "\u0000 \ud800 and so on" })])
      yield* store.add([seenOf(group, { events: ["event-10"], sample: "x".repeat(5000), errorTag: "T".repeat(300) })])
      const { errorTag, events, sample } = yield* found(group.fingerprint)
      assert.deepEqual(events, names.slice(-largestSeen))
      assert.equal(sample.length, 1023)
      assert.equal(errorTag, "NoRate")
    })
  ),

  check(
    "tells of several groups how often each failed in the last hours",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const [one, other, silent, left] = [newGroup(), newGroup(), newGroup(), newGroup()]
      const ago = (hours: number) => ({ firstAgoMillis: hours * hourMillis, lastAgoMillis: hours * hourMillis })
      for (const [hours, attempts] of [
        [25, 16],
        [5, 8],
        [5, 4],
        [0, 2]
      ] as const) {
        yield* store.add([seenOf(one, { attempts, ...ago(hours) })])
      }
      yield* store.add([seenOf(other, { attempts: 3, ...ago(2) }), seenOf(silent, ago(40)), seenOf(left)])
      const told = yield* store.hourly(
        [one, silent, other, newGroup()].map(({ fingerprint }) => fingerprint),
        24
      )
      const attemptsOf = ({ fingerprint }: typeof one) =>
        told.filter((each) => each.fingerprint === fingerprint).map(({ attempts }) => attempts)
      assert.deepEqual([attemptsOf(one), attemptsOf(other)], [[12, 2], [3]])
      assert.equal(told.length, 3)
      assert.deepEqual(yield* store.hourly([], 24), [])
      const all = yield* store.hourly([one.fingerprint], 24 * 30)
      assert.deepEqual(
        all.map(({ attempts }) => attempts),
        [16, 12, 2]
      )
    })
  ),

  check(
    "lists groups, the last seen first, page by page, and by what is asked for",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const consumer = unique("consumer")
      const groups = [1, 2, 3, 4, 5].map(newGroup)
      yield* store.add(
        groups.map((group, n) =>
          seenOf(group, { consumer, lastAgoMillis: n * 1000, errorTag: n % 2 === 0 ? "A" : "B" })
        )
      )
      const all = yield* store.list({ consumer }, undefined, 100)
      const ids = groups.map(({ fingerprint }) => fingerprint)
      assert.deepEqual(
        all.map(({ fingerprint }) => fingerprint),
        ids
      )
      const first = yield* store.list({ consumer }, undefined, 2)
      const second = yield* store.list({ consumer }, first[1]?.cursor, 2)
      const third = yield* store.list({ consumer }, second[1]?.cursor, 2)
      assert.deepEqual([...first, ...second, ...third], all)
      yield* store.change(ids[1] ?? "", { state: "known" }, "ann")
      const count = (filter: Parameters<typeof store.list>[0]) =>
        Effect.map(store.list({ consumer, ...filter }, undefined, 10), (rows) => rows.length)
      assert.deepEqual(
        yield* Effect.all([
          count({ errorTag: "A" }),
          count({ states: ["known"] }),
          count({ states: ["new", "known"] }),
          count({ states: [] }),
          count({ onlyOpen: true }),
          count({ onlyOpen: false }),
          count({ since: all[2]?.lastSeenAt ?? new Date(0) })
        ]),
        [3, 1, 5, 0, 0, 5, 3]
      )
    })
  ),

  check(
    "lets people say what they think of a group: it is new again when it fails after it was resolved",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const group = newGroup()
      const { fingerprint } = group
      yield* store.add([seenOf(group)])
      const resolved = yield* store.change(fingerprint, { state: "resolved", note: "deployed" }, "ann")
      assert.partialDeepStrictEqual(resolved, { state: "resolved", note: "deployed", changedBy: "ann" })
      assert.ok(resolved?.resolvedAt !== null && resolved?.changedAt !== null)
      // It failed before, and was told of later.
      yield* store.add([seenOf(group, { lastAgoMillis: 60_000 })])
      assert.equal((yield* found(fingerprint)).state, "resolved")
      yield* Effect.sleep(5)
      yield* store.add([seenOf(group)])
      const again = yield* found(fingerprint)
      assert.partialDeepStrictEqual(again, { state: "new", note: "deployed", attempts: 3 })
      assert.deepEqual(again.resolvedAt, resolved?.resolvedAt)
      assert.partialDeepStrictEqual(yield* store.change(fingerprint, { note: null }, "bob"), {
        state: "new",
        note: null,
        changedBy: "bob"
      })
      assert.equal(yield* store.change(newGroup().fingerprint, { state: "known" }, "ann"), undefined)
    })
  ),

  check(
    "ignores a group until a time, when it is known again, or for good",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const group = newGroup()
      const { fingerprint } = group
      const consumer = unique("consumer")
      yield* store.add([seenOf(group, { consumer })])
      const later = new Date(Date.now() + dayMillis)
      const ignored = yield* store.change(fingerprint, { state: "ignored", ignoredUntil: later }, "ann")
      assert.partialDeepStrictEqual(ignored, { state: "ignored", ignoredUntil: later })
      yield* store.add([seenOf(group, { consumer })])
      assert.equal((yield* found(fingerprint)).state, "ignored")
      yield* store.change(fingerprint, { state: "ignored", ignoredUntil: new Date(Date.now() - dayMillis) }, "ann")
      assert.partialDeepStrictEqual(yield* found(fingerprint), { state: "known", ignoredUntil: null })
      const count = (state: "known" | "ignored") =>
        Effect.map(store.list({ consumer, states: [state] }, undefined, 10), ({ length }) => length)
      assert.deepEqual([yield* count("known"), yield* count("ignored")], [1, 0])
      yield* store.change(fingerprint, { state: "ignored", ignoredUntil: null }, "ann")
      assert.partialDeepStrictEqual(yield* found(fingerprint), { state: "ignored", ignoredUntil: null })
      const known = yield* store.change(fingerprint, { state: "known" }, "ann")
      assert.partialDeepStrictEqual(known, { state: "known", ignoredUntil: null })
    })
  ),

  check(
    "forgets groups that were not seen for long, unless there are deliveries of them or they are ignored",
    Effect.gen(function* () {
      const store = yield* ErrorGroupStore
      const [old, fresh, ignored, open, resolved] = [newGroup(), newGroup(), newGroup(), newGroup(), newGroup()]
      const { claim } = yield* withDeliveries(1)
      yield* settleNext(claim, { status: "dead_letter", error: "no rate", failure: failureOf(open) })
      const long = { firstAgoMillis: 91 * dayMillis, lastAgoMillis: 91 * dayMillis }
      yield* store.add([seenOf(old, long), seenOf(ignored, long), seenOf(open, long)])
      yield* store.add([fresh, resolved].map((group) => seenOf(group, { lastAgoMillis: 89 * dayMillis })))
      yield* store.change(ignored.fingerprint, { state: "ignored" }, "ann")
      // Resolved a moment ago.
      yield* store.change(resolved.fingerprint, { state: "resolved" }, "ann")
      yield* forgetAll
      const left = yield* Effect.forEach([old, fresh, ignored, open, resolved], ({ fingerprint }) =>
        store.find(fingerprint)
      )
      assert.deepEqual(
        left.map((group) => group !== undefined),
        [false, true, true, true, true]
      )
      assert.deepEqual(yield* store.hourly([fresh.fingerprint], 24 * 30), [])
    })
  )
]
