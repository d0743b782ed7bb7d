/**
 * What statistics in memory say of a span of time.
 *
 * @internal
 */
import {
  distributionBounds as bounds,
  type ConsumerRate,
  type Distribution,
  type DistributionSums,
  type FinishedSums,
  type Flow,
  type Gauge,
  type OutcomeCounts,
  type StatisticPoint,
  type StatisticRow,
  type StatisticSeriesRequest,
  type StatisticSpan
} from "../stores/StatisticStore.ts"
import { sumOf } from "../stores/statisticSums.ts"
import { ascending } from "./comparators.ts"

/** A gauge as it is kept. */
export type GaugeRecord = Gauge

export const toGauge = ({ at, consumer, gaveUp, isExact, oldestAt, open, parked, retrying }: GaugeRecord): Gauge => ({
  consumer,
  at,
  open,
  retrying,
  parked,
  gaveUp,
  oldestAt,
  isExact
})

/** Sums of rows that have the same key. */
const grouped = <Key>(rows: ReadonlyArray<StatisticRow>, keyOf: (row: StatisticRow) => Key) => {
  const groups = new Map<Key, StatisticRow>()
  for (const row of rows) {
    const key = keyOf(row)
    const before = groups.get(key)
    groups.set(key, before === undefined ? row : sumOf(before, row))
  }
  return groups
}

const within =
  ({ from, to }: StatisticSpan) =>
  ({ at }: StatisticRow) =>
    at >= from && at < to

const stepOf = (stepMillis: number) => (row: StatisticRow) => Math.floor(row.at.getTime() / stepMillis) * stepMillis

const outcomesOf = ({ gaveUp, processed, retried, skipped }: StatisticRow): OutcomeCounts => ({
  processed,
  retried,
  skipped,
  gaveUp
})

const distributionOf = ({ counts, sum }: DistributionSums): Distribution => ({
  bounds,
  counts: counts.length === 0 ? [...bounds, 0].map(() => 0) : counts,
  sum
})

const distributionsOf = ({ duration, lag }: StatisticRow) => ({
  duration: distributionOf(duration),
  lag: distributionOf(lag)
})

const byTime = <Row>([a]: [number, Row], [b]: [number, Row]) => a - b

export const series = (
  all: ReadonlyArray<StatisticRow>,
  { consumer, eventName, stepMillis, ...span }: StatisticSeriesRequest
): ReadonlyArray<StatisticPoint> => {
  const rows = all
    .filter(within(span))
    .filter((row) => consumer === undefined || row.consumer === consumer)
    .filter((row) => eventName === undefined || row.eventName === eventName)
  return [...grouped(rows, stepOf(stepMillis))].toSorted(byTime).map(([at, row]) => ({
    at: new Date(at),
    published: row.published,
    ...outcomesOf(row),
    ...distributionsOf(row)
  }))
}

export const rates = (
  all: ReadonlyArray<StatisticRow>,
  { stepMillis, ...span }: StatisticSpan & { readonly stepMillis: number }
): ReadonlyArray<ConsumerRate> => {
  const rows = all.filter(within(span)).filter(({ consumer }) => consumer !== "")
  return [...grouped(rows, ({ consumer }) => consumer)]
    .toSorted(([a], [b]) => ascending(a, b))
    .map(([consumer, sum]) => ({
      consumer,
      points: [
        ...grouped(
          rows.filter((row) => row.consumer === consumer),
          stepOf(stepMillis)
        )
      ]
        .toSorted(byTime)
        .map(([at, row]) => ({ at: new Date(at), ...outcomesOf(row) })),
      ...distributionsOf(sum)
    }))
}

export const flows = (all: ReadonlyArray<StatisticRow>, span: StatisticSpan): ReadonlyArray<Flow> => {
  const keyOf = ({ consumer, eventName, schemaVersion }: StatisticRow) =>
    JSON.stringify([eventName, schemaVersion, consumer])
  return [...grouped(all.filter(within(span)), keyOf).values()]
    .toSorted(
      (a, b) =>
        ascending(a.eventName, b.eventName) || a.schemaVersion - b.schemaVersion || ascending(a.consumer, b.consumer)
    )
    .map((row) => ({
      eventName: row.eventName,
      schemaVersion: row.schemaVersion,
      consumer: row.consumer === "" ? null : row.consumer,
      published: row.published,
      ...outcomesOf(row),
      lastAt: row.lastAt
    }))
}

export const finished = (all: ReadonlyArray<StatisticRow>): FinishedSums => {
  const consumers = [...grouped(all, ({ consumer }) => consumer)].toSorted(([a], [b]) => ascending(a, b))
  return {
    since: all.length === 0 ? null : new Date(Math.min(...all.map(({ at }) => at.getTime()))),
    published: consumers.reduce((sum, [, { published }]) => sum + published, 0),
    consumers: consumers
      .filter(([consumer]) => consumer !== "")
      .map(([consumer, { processed, skipped }]) => ({ consumer, processed, skipped }))
  }
}
