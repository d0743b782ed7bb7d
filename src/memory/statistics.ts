/**
 * Statistics in memory. No transaction undoes what is added, as none does in a database.
 *
 * @internal
 */
import { Clock, Effect, Layer } from "effect"
import type { EventStatus } from "../stores/OutboxStore.ts"
import {
  hoursKeptDays,
  largestGauge,
  minutesKeptHours,
  type StatisticRow,
  StatisticStore,
  type UnfinishedCounts
} from "../stores/StatisticStore.ts"
import { keyOf, sumOf } from "../stores/statisticSums.ts"
import { ascending } from "./comparators.ts"
import { countsOf } from "./inbox.ts"
import { statusOf } from "./outbox.ts"
import { type DeliveryRecord, hasGivenUp, isOpen, isParked } from "./records.ts"
import * as Sums from "./statisticSeries.ts"
import { MemoryTables, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** A count of a minute. */
interface GaugeRow extends Sums.GaugeRecord {
  /** When its minute begins. */
  readonly minute: number
}

interface State {
  readonly minutes: Map<string, StatisticRow>
  readonly hours: Map<string, StatisticRow>
  /** By time. */
  gauges: ReadonlyArray<GaugeRow>
}

const startOf = (time: number, step: number) => Math.floor(time / step) * step

const addTo = (rows: Map<string, StatisticRow>, row: StatisticRow) => {
  const key = keyOf(row)
  const before = rows.get(key)
  rows.set(key, before === undefined ? row : sumOf(before, row))
}

const isUnfinished = (delivery: DeliveryRecord) => isOpen(delivery) || hasGivenUp(delivery)

const gaugeOf = (tables: Tables, transaction: Transaction, consumer: string, now: number): GaugeRow => {
  const open = [...tables.openOf(transaction, consumer)]
  const due = open.filter(({ lease }) => lease === null).flatMap(({ availableAt }) => availableAt ?? [])
  const oldest = Math.min(...due)
  const parked = open.filter(isParked).length
  const retrying = open.filter((each) => each.status === "failed" && !isParked(each)).length
  return {
    consumer,
    minute: startOf(now, minute),
    at: new Date(now),
    open: open.length - retrying - parked,
    retrying,
    parked,
    gaveUp: [...tables.gaveUpOf(transaction, consumer)].length,
    oldestAt: oldest <= now ? new Date(oldest) : null,
    isExact: open.length < largestGauge
  }
}

const gaugesNow = (tables: Tables, transaction: Transaction, now: number): ReadonlyArray<GaugeRow> =>
  [...transaction.rows(tables.consumers)]
    .map(({ consumer }) => consumer)
    .toSorted(ascending)
    .map((consumer) => gaugeOf(tables, transaction, consumer, now))

const isOpenBy = (gauges: ReadonlyArray<GaugeRow>) =>
  gauges.some(({ open, parked, retrying }) => open + retrying + parked > 0)

/** Those of the last minute that was counted. */
const newest = ({ gauges }: State) => gauges.filter((each) => each.minute === gauges.at(-1)?.minute)

const gauge = (state: State, counted: ReadonlyArray<GaugeRow>, gapMillis: number, now: number) => {
  const last = newest(state)
  const [first] = last
  const wasOpen = isOpenBy(last)
  if (first !== undefined && (first.minute === startOf(now, minute) || now - first.at.getTime() < gapMillis)) {
    return { isOurs: false, isOpen: wasOpen }
  }
  const isOpenNow = isOpenBy(counted)
  if (wasOpen || isOpenNow) state.gauges = [...state.gauges, ...counted]
  return { isOurs: true, isOpen: isOpenNow }
}

const fold = (state: State, limit: number, now: number): boolean => {
  const old = [...state.minutes].filter(([, { at }]) => at.getTime() < startOf(now - minutesKeptHours * hour, hour))
  for (const [key, row] of old.slice(0, limit)) {
    state.minutes.delete(key)
    addTo(state.hours, { ...row, at: new Date(startOf(row.at.getTime(), hour)) })
  }
  const gone = [...state.hours].filter(([, { at }]) => at.getTime() < now - hoursKeptDays * day)
  for (const [key] of gone.slice(0, limit)) state.hours.delete(key)
  const firsts = new Set<string>()
  state.gauges = state.gauges.filter(({ consumer, minute: at }) => {
    const key = JSON.stringify([startOf(at, hour), consumer])
    const isFirst = !firsts.has(key)
    firsts.add(key)
    return at >= now - hoursKeptDays * day && (isFirst || at >= now - minutesKeptHours * hour)
  })
  return old.length >= limit || gone.length >= limit
}

const unfinished = (tables: Tables, transaction: Transaction): UnfinishedCounts => {
  const found = [...transaction.rows(tables.deliveries)].filter(isUnfinished)
  const events: Partial<Record<EventStatus, number>> = { pending: 0, processing: 0, failed: 0, dead_letter: 0 }
  for (const id of new Set(found.map(({ eventId }) => eventId))) {
    const status = statusOf([...tables.ofEvent(transaction, id)])
    events[status] = (events[status] ?? 0) + 1
  }
  return { deliveries: countsOf(found), events }
}

const size = (rows: Iterable<unknown>, limit: number) => {
  let count = 0
  for (const _ of rows) if (++count > limit) break
  return count
}

export const layer: Layer.Layer<StatisticStore, never, MemoryTables> = Layer.effect(
  StatisticStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { database } = tables
    const state: State = { minutes: new Map(), hours: new Map(), gauges: [] }
    const all = () => [...state.hours.values(), ...state.minutes.values()]
    return StatisticStore.of({
      add: (rows) =>
        Effect.sync(() => {
          for (const row of rows) addTo(state.minutes, row)
        }),
      series: (request) => Effect.sync(() => Sums.series(all(), request)),
      rates: (request) => Effect.sync(() => Sums.rates(all(), request)),
      flows: (span) => Effect.sync(() => Sums.flows(all(), span)),
      gauge: (gapMillis) =>
        database.read((transaction, now) => gauge(state, gaugesNow(tables, transaction, now), gapMillis, now)),
      gauges: Effect.sync(() => newest(state).map(Sums.toGauge)),
      gaugeSeries: ({ consumer, from, to }) =>
        Effect.sync(() =>
          state.gauges
            .filter((each) => each.minute >= from.getTime() && each.minute < to.getTime())
            .filter((each) => consumer === undefined || each.consumer === consumer)
            .map(Sums.toGauge)
        ),
      fold: (limit) => Effect.map(Clock.currentTimeMillis, (now) => fold(state, limit, now)),
      isLarge: (limit) =>
        database.read(
          (transaction) =>
            size(transaction.rows(tables.deliveries), limit) > limit ||
            size(transaction.rows(tables.events), limit) > limit
        ),
      unfinished: database.read((transaction) => unfinished(tables, transaction)),
      finished: Effect.sync(() => Sums.finished(all()))
    })
  })
)
