/**
 * What every store of statistics must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { distributionBounds, type StatisticRow, StatisticStore } from "../../stores/StatisticStore.ts"
import { checkOf } from "./Check.ts"
import { inEachState, unique, withDeliveries } from "./support.ts"

const check = checkOf("StatisticStore")

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Counts of which one is in each of these places. */
const countsAt = (...places: ReadonlyArray<number>) =>
  [...distributionBounds, 0].map((_, place) => places.filter((each) => each === place).length)

const nothing = { counts: [], sum: 0 }

const row = (at: Date, consumer: string, eventName: string, more: Partial<StatisticRow> = {}): StatisticRow => ({
  at,
  consumer,
  eventName,
  schemaVersion: 1,
  published: 0,
  processed: 0,
  retried: 0,
  skipped: 0,
  gaveUp: 0,
  duration: nothing,
  lag: nothing,
  lastAt: new Date(at.getTime() + 30_000),
  ...more
})

/** When a minute begins that no other check speaks of; so long ago. */
const minuteAgo = (millis: number) => new Date(Math.floor((Date.now() - millis) / minute) * minute)

const spanOf = (at: Date, millis: number) => ({ from: at, to: new Date(at.getTime() + millis) })

const later = (at: Date, millis: number) => new Date(at.getTime() + millis)

/** Deliveries of one consumer: one of each state, but for two that are ready. */
const inAllStates = Effect.gen(function* () {
  const { claim, consumer } = yield* withDeliveries(8)
  yield* inEachState(claim)
  return { consumer }
})

export const statisticStore = [
  check(
    "adds sums of the same minute, consumer, event and version, and keeps others apart",
    Effect.gen(function* () {
      const store = yield* StatisticStore
      const [consumer, event] = [unique("counts"), unique("counted")]
      const at = minuteAgo(hour)
      const first = row(at, consumer, event, {
        processed: 2,
        retried: 1,
        duration: { counts: countsAt(0, 3), sum: 0.5 },
        lastAt: later(at, 59_000)
      })
      yield* store.add([first, row(at, "", event, { published: 3 })])
      yield* store.add([
        row(at, "", event, { published: 4 }),
        row(at, consumer, event, {
          processed: 1,
          gaveUp: 5,
          duration: { counts: countsAt(3, 13), sum: 4000 },
          lag: { counts: countsAt(1), sum: 0.25 }
        }),
        row(at, consumer, event, { schemaVersion: 2, skipped: 7 }),
        row(later(at, minute), consumer, event, { processed: 10 })
      ])
      const points = yield* store.series({ ...spanOf(at, 5 * minute), stepMillis: minute, eventName: event })
      assert.deepEqual(points, [
        {
          at,
          published: 7,
          processed: 3,
          retried: 1,
          skipped: 7,
          gaveUp: 5,
          duration: { bounds: distributionBounds, counts: countsAt(0, 3, 3, 13), sum: 4000.5 },
          lag: { bounds: distributionBounds, counts: countsAt(1), sum: 0.25 }
        },
        {
          at: later(at, minute),
          published: 0,
          processed: 10,
          retried: 0,
          skipped: 0,
          gaveUp: 0,
          duration: { bounds: distributionBounds, counts: countsAt(), sum: 0 },
          lag: { bounds: distributionBounds, counts: countsAt(), sum: 0 }
        }
      ])
      const flows = (yield* store.flows(spanOf(at, minute))).filter(({ eventName }) => eventName === event)
      const none = { published: 0, processed: 0, retried: 0, skipped: 0, gaveUp: 0 }
      const ofEvent = { eventName: event, schemaVersion: 1 }
      assert.deepEqual(flows, [
        { ...none, ...ofEvent, consumer: null, published: 7, lastAt: later(at, 30_000) },
        { ...none, ...ofEvent, consumer, processed: 3, retried: 1, gaveUp: 5, lastAt: later(at, 59_000) },
        { ...none, ...ofEvent, schemaVersion: 2, consumer, skipped: 7, lastAt: later(at, 30_000) }
      ])
      yield* store.add([])
    })
  ),
  check(
    "tells steps of time, of all, of a consumer, and of an event; from is part of a span, to is not",
    Effect.gen(function* () {
      const store = yield* StatisticStore
      const [a, b, event] = [unique("a"), unique("b"), unique("stepped")]
      const at = new Date(Math.floor((Date.now() - 3 * hour) / hour) * hour)
      yield* store.add([
        row(at, a, event, { processed: 1 }),
        row(later(at, 4 * minute), a, event, { processed: 2, lag: { counts: countsAt(2), sum: 0.01 } }),
        row(later(at, 5 * minute), b, event, { processed: 4 }),
        row(later(at, 5 * minute), b, unique("other"), { processed: 100 }),
        row(later(at, 10 * minute), a, event, { processed: 8 })
      ])
      const steps = (request: { readonly consumer?: string; readonly eventName?: string }) =>
        Effect.map(store.series({ ...spanOf(at, 10 * minute), stepMillis: 5 * minute, ...request }), (points) =>
          points.map(({ at: step, processed }) => [step.getTime() - at.getTime(), processed])
        )
      assert.deepEqual(yield* steps({ eventName: event }), [
        [0, 3],
        [5 * minute, 4]
      ])
      assert.deepEqual(yield* steps({ consumer: a }), [[0, 3]])
      assert.deepEqual(yield* steps({ consumer: b, eventName: event }), [[5 * minute, 4]])
      assert.deepEqual(yield* steps({ consumer: unique("nobody") }), [])
      const rates = (yield* store.rates({ ...spanOf(at, hour), stepMillis: 5 * minute })).filter(({ consumer }) =>
        [a, b].includes(consumer)
      )
      assert.deepEqual(
        rates.map(({ consumer, lag, points }) => [consumer, lag.counts, points.map(({ processed }) => processed)]),
        [
          [a, countsAt(2), [3, 8]],
          [b, countsAt(), [104]]
        ]
      )
    })
  ),
  check(
    "several that add the same in different orders all succeed, and nothing is lost",
    Effect.gen(function* () {
      const store = yield* StatisticStore
      const events = Array.from({ length: 20 }, () => unique("raced"))
      const at = minuteAgo(hour)
      const rows = events.map((event) => row(at, "", event, { published: 1 }))
      yield* Effect.forEach(
        Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? rows : rows.toReversed())),
        store.add,
        { concurrency: "unbounded", discard: true }
      )
      const flows = (yield* store.flows(spanOf(at, minute))).filter(({ eventName }) => events.includes(eventName))
      assert.deepEqual(
        flows.map(({ published }) => published),
        events.map(() => 12)
      )
    })
  ),
  check(
    "minutes older than a day become hours, whoever folds them, and hours older than 30 days go",
    Effect.gen(function* () {
      const store = yield* StatisticStore
      const [consumer, event] = [unique("folded"), unique("folded.event")]
      const old = new Date(Math.floor((Date.now() - 50 * hour) / hour) * hour)
      const young = minuteAgo(20 * hour)
      const ancient = new Date(Math.floor((Date.now() - 31 * day) / hour) * hour)
      const one = { processed: 1, duration: { counts: countsAt(1), sum: 0.5 } }
      yield* store.add([
        ...Array.from({ length: 59 }, (_, index) => row(later(old, index * minute), consumer, event, one)),
        row(later(old, 30 * minute), "", event, { published: 5 }),
        row(later(old, hour), consumer, event, { processed: 3 }),
        row(young, consumer, event, { processed: 7 }),
        row(ancient, consumer, event, { processed: 1000 })
      ])
      const foldAll = Effect.gen(function* () {
        for (let more = true; more; ) more = yield* store.fold(10)
      })
      yield* Effect.all([foldAll, foldAll, foldAll], { concurrency: 3 })
      // Once more: what one held, another passed over.
      yield* foldAll
      const late = row(later(old, 12 * minute), consumer, event, one)
      yield* store.add([late])
      yield* foldAll
      const points = yield* store.series({
        from: later(ancient, -hour),
        to: new Date(),
        stepMillis: minute,
        eventName: event
      })
      assert.deepEqual(
        points.map(({ at, duration, processed, published }) => [at, processed, published, duration.counts[1]]),
        [
          [old, 60, 5, 60],
          [later(old, hour), 3, 0, 0],
          [young, 7, 0, 0]
        ]
      )
      const finished = yield* store.finished
      assert.deepEqual(
        finished.consumers.filter((each) => each.consumer === consumer),
        [{ consumer, processed: 70, skipped: 0 }]
      )
      assert.ok(finished.since !== null && finished.since <= old)
    })
  ),
  check(
    "counts what is open and what gave up, without what is settled",
    Effect.gen(function* () {
      const store = yield* StatisticStore
      const before = (yield* store.unfinished).events
      const { consumer } = yield* inAllStates
      const { deliveries, events } = yield* store.unfinished
      const counted = (count: number, open: number) => ({ consumer, count, open, parked: 0 })
      assert.deepEqual(
        deliveries.filter((each) => each.consumer === consumer),
        [
          { ...counted(1, 0), status: "dead_letter" },
          { ...counted(2, 1), status: "failed" },
          { ...counted(1, 1), status: "processing" },
          { ...counted(2, 2), status: "received" }
        ]
      )
      const grown = (status: "pending" | "processing" | "dead_letter" | "failed") =>
        (events[status] ?? 0) - (before[status] ?? 0)
      assert.deepEqual(
        [grown("pending"), grown("processing"), grown("dead_letter"), grown("failed"), events.processed],
        [3, 1, 1, 1, undefined]
      )
      assert.equal(yield* store.isLarge(1_000_000), false)
      assert.equal(yield* store.isLarge(7), true)
    })
  ),
  check(
    "keeps what there is to do once a minute, and tells the last of it",
    Effect.gen(function* () {
      const store = yield* StatisticStore
      const { consumer } = yield* inAllStates
      const look = yield* store.gauge(0)
      assert.equal(look.isOpen, true)
      assert.deepEqual(yield* store.gauge(hour), { isOurs: false, isOpen: true })
      // A process at work on these stores has counted this minute before.
      if (!look.isOurs) return
      const gauge = (yield* store.gauges).find((each) => each.consumer === consumer)
      assert.ok(gauge !== undefined)
      const { at, oldestAt, ...counts } = gauge
      assert.deepEqual(counts, { consumer, open: 3, retrying: 1, parked: 0, gaveUp: 2, isExact: true })
      assert.ok(oldestAt !== null && oldestAt <= at)
      const span = { from: minuteAgo(2 * minute), to: later(minuteAgo(0), 2 * minute) }
      assert.deepEqual(yield* store.gaugeSeries({ ...span, consumer }), [gauge])
      assert.deepEqual(yield* store.gaugeSeries({ ...span, consumer: unique("nobody") }), [])
      assert.ok((yield* store.gaugeSeries(span)).some((each) => each.consumer === consumer))
    })
  )
]
