/** What is counted in memory until it is written. */
import { assert, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { distributionBounds } from "../../src/stores/StatisticStore.ts"
import { StatisticSums } from "../../src/stores/statisticSums.ts"

const make = Effect.map(Clock.Clock, (clock) => new StatisticSums(clock))

const event = { eventName: "happened", schemaVersion: 1 }

it.effect("what happened in one minute is one row, whatever came between, and the next minute has its own", () =>
  Effect.gen(function* () {
    const sums = yield* make
    const [a, b] = [sums.consumer("a"), sums.consumer("b")]
    yield* TestClock.adjust("150 seconds")
    a.began(event, 0.02)
    b.settled(event, "skipped")
    a.ran(event, 7)
    a.settled(event, "processed")
    a.settled({ ...event, schemaVersion: 2 }, "gaveUp")
    yield* TestClock.adjust("20 seconds")
    sums.turn(yield* Clock.currentTimeMillis)
    a.settled(event, "retried")
    yield* TestClock.adjust("10 seconds")
    sums.turn(yield* Clock.currentTimeMillis)
    a.settled(event, "processed")
    yield* TestClock.adjust("60 seconds")
    const rows = sums.take()
    assert.deepStrictEqual(
      rows.map(({ at, consumer, gaveUp, processed, retried, schemaVersion, skipped }) => [
        at.getTime(),
        consumer,
        schemaVersion,
        { processed, retried, skipped, gaveUp }
      ]),
      [
        [120_000, "a", 1, { processed: 1, retried: 1, skipped: 0, gaveUp: 0 }],
        [120_000, "b", 1, { processed: 0, retried: 0, skipped: 1, gaveUp: 0 }],
        [120_000, "a", 2, { processed: 0, retried: 0, skipped: 0, gaveUp: 1 }],
        [180_000, "a", 1, { processed: 1, retried: 0, skipped: 0, gaveUp: 0 }]
      ]
    )
    const places = (counts: ReadonlyArray<number> = []) => counts.flatMap((count, place) => (count > 0 ? [place] : []))
    assert.deepStrictEqual(places(rows[0]?.lag.counts), [distributionBounds.indexOf(0.025)])
    assert.deepStrictEqual(places(rows[0]?.duration.counts), [distributionBounds.indexOf(30)])
    assert.deepStrictEqual([rows[0]?.lag.sum, rows[0]?.duration.sum, rows[1]?.duration.counts.length], [0.02, 7, 0])
    assert.deepStrictEqual([sums.take(), sums.isEmpty], [[], true])
  })
)

it.effect("what comes after a long silence belongs to its own minute, though nobody said what time it is", () =>
  Effect.gen(function* () {
    const sums = yield* make
    sums.published([{ name: "happened", schemaVersion: 1 }])
    sums.take()
    yield* TestClock.adjust("1 hour")
    sums.consumer("a").began(event, 0)
    assert.deepStrictEqual(
      sums.take().map(({ at }) => at.getTime()),
      [3_600_000]
    )
  })
)

it.effect("somebody is told when there is something to write, once until it was taken", () =>
  Effect.gen(function* () {
    const sums = yield* make
    let told = 0
    sums.whenTouched = () => told++
    const a = sums.consumer("a")
    for (let n = 0; n < 3; n++) a.settled(event, "processed")
    assert.strictEqual(told, 1)
    const rows = sums.take()
    sums.putBack(rows)
    a.settled(event, "processed")
    assert.strictEqual(told, 1)
    assert.deepStrictEqual(
      sums.take().map(({ processed }) => processed),
      [4]
    )
    a.settled(event, "processed")
    assert.strictEqual(told, 2)
  })
)

it.effect("names and rows that wait are bounded, and nothing is lost by that but names, and the oldest rows", () =>
  Effect.gen(function* () {
    const sums = yield* make
    const a = sums.consumer("a")
    for (let n = 0; n < 3000; n++) a.settled({ eventName: `made-up-${n}`, schemaVersion: 1 }, "processed")
    const rows = sums.take()
    assert.strictEqual(rows.length, 1001)
    assert.strictEqual(rows.find(({ eventName }) => eventName === "other")?.processed, 2000)
    assert.strictEqual(
      rows.reduce((sum, { processed }) => sum + processed, 0),
      3000
    )
    const [row] = rows
    assert.isDefined(row)
    const waiting = Array.from({ length: 20_005 }, (_, n) => ({ ...row, at: new Date(n * 60_000) }))
    a.settled(event, "processed")
    const lost = sums.putBack(waiting)
    assert.strictEqual(lost, 5)
    const kept = sums.take()
    assert.isAtMost(kept.length, 20_001)
    // What came later has a place.
    assert.strictEqual(kept.find(({ eventName }) => eventName === "other")?.processed, 1)
    // Consumers that nobody has served before do not grow for ever either.
    for (let n = 0; n < 12_000; n++) sums.consumer(`made-up-${n}`).settled(event, "processed")
    const many = sums.take()
    assert.isAtMost(many.length, 10_002)
    assert.strictEqual(
      many.reduce((sum, { processed }) => sum + processed, 0),
      12_000
    )
  })
)
