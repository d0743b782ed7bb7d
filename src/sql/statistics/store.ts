/**
 * Statistics in `integration_statistic` and `integration_gauge`.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { StatusCount } from "../../stores/Delivery.ts"
import {
  distributionBounds as bounds,
  type ConsumerRate,
  type Distribution,
  type Flow,
  type Gauge,
  type OutcomeCounts,
  type StatisticPoint,
  StatisticStore
} from "../../stores/StatisticStore.ts"
import { ControlConnection } from "../connection/controlConnection.ts"
import { storeErrorsOf } from "../connection/errors.ts"
import { TableClient } from "../connection/tableClient.ts"
import { unfinishedEvents } from "../outbox/statuses.ts"
import * as Gauges from "./gauge.ts"
import * as Read from "./read.ts"
import * as Write from "./write.ts"

interface DistributionColumns {
  readonly durationCounts: ReadonlyArray<number | null>
  readonly durationSum: number
  readonly lagCounts: ReadonlyArray<number | null>
  readonly lagSum: number
}

interface CountColumns extends OutcomeCounts {
  readonly published: number
}

/** Where all of a group are empty, so is the sum. */
const toDistribution = (counts: ReadonlyArray<number | null>, sum: number): Distribution => ({
  bounds,
  counts: counts.map((count) => count ?? 0),
  sum
})

const distributionsOf = (row: DistributionColumns) => ({
  duration: toDistribution(row.durationCounts, row.durationSum),
  lag: toDistribution(row.lagCounts, row.lagSum)
})

const countsOf = ({ gaveUp, processed, retried, skipped }: OutcomeCounts): OutcomeCounts => ({
  processed,
  retried,
  skipped,
  gaveUp
})

type PointRow = CountColumns & DistributionColumns & { readonly second: number }

const toPoint = (row: PointRow): StatisticPoint => ({
  at: new Date(row.second * 1000),
  published: row.published,
  ...countsOf(row),
  ...distributionsOf(row)
})

type RatePointRow = CountColumns & { readonly consumer: string; readonly second: number }

type ConsumerRow = DistributionColumns & { readonly consumer: string }

const ratesOf = (
  consumers: ReadonlyArray<ConsumerRow>,
  points: ReadonlyArray<RatePointRow>
): ReadonlyArray<ConsumerRate> =>
  consumers.map((row) => ({
    consumer: row.consumer,
    points: points
      .filter(({ consumer }) => consumer === row.consumer)
      .map((point) => ({ at: new Date(point.second * 1000), ...countsOf(point) })),
    ...distributionsOf(row)
  }))

type FinishedRow = Pick<CountColumns, "published" | "processed" | "skipped"> & {
  readonly consumer: string
  readonly since: Date
}

/** Two processes may count at the same time; one of them is written. */
const gauge = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function* (gapMillis: number) {
    const [last] = yield* sql.unsafe<{
      readonly ageMillis: number | null
      readonly isThisMinute: boolean | null
      readonly isOpen: boolean | null
    }>(Gauges.last)
    const isOpen = last?.isOpen === true
    const isYoung = last?.isThisMinute === true || (last?.ageMillis ?? Number.POSITIVE_INFINITY) < gapMillis
    if (isYoung) return { isOurs: false, isOpen }
    const [counted] = yield* sql.unsafe<{ readonly isOpen: boolean }>(Gauges.count, [isOpen])
    return { isOurs: true, isOpen: counted?.isOpen === true }
  })

export const layer: Layer.Layer<StatisticStore, never, TableClient | ControlConnection> = Layer.effect(
  StatisticStore,
  Effect.gen(function* () {
    const { on, sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    const control = on((yield* ControlConnection).query)
    /** Planned anew each time: how much a span covers decides how it is best added up, and plans that do not know it spill to disk. */
    const read = <Row extends object>(statement: string, parameters: ReadonlyArray<unknown>) =>
      sql.unsafe<Row>(statement, parameters).unprepared as Effect.Effect<ReadonlyArray<Row>, SqlError.SqlError>
    const step = (statement: string, limit: number) =>
      Effect.map(sql.unsafe<{ done: number }>(statement, [limit]), ([row]) => (row?.done ?? 0) >= limit)
    return StatisticStore.of({
      add: (rows) =>
        rows.length === 0
          ? Effect.void
          : storeErrors("statistics.add")(Effect.asVoid(control(Write.add, [Write.rowsOf(rows)]))),
      series: ({ consumer, eventName, from, stepMillis, to }) =>
        storeErrors("statistics.series")(
          Effect.map(
            read<PointRow>(Read.series({ consumer: consumer !== undefined, event: eventName !== undefined }), [
              from,
              to,
              stepMillis / 1000,
              consumer ?? null,
              eventName ?? null
            ]),
            (rows) => rows.map(toPoint)
          )
        ),
      rates: ({ from, stepMillis, to }) =>
        storeErrors("statistics.rates")(
          Effect.gen(function* () {
            const points = yield* read<RatePointRow>(Read.points, [from, to, stepMillis / 1000])
            const consumers = yield* read<ConsumerRow>(Read.consumers, [from, to])
            return ratesOf(consumers, points)
          })
        ),
      flows: ({ from, to }) => storeErrors("statistics.flows")(read<Flow>(Read.flows, [from, to])),
      gauge: (gapMillis) => storeErrors("statistics.gauge")(gauge(sql)(gapMillis)),
      gauges: storeErrors("statistics.gauges")(sql.unsafe<Gauge>(Gauges.newest)),
      gaugeSeries: ({ consumer, from, to }) =>
        storeErrors("statistics.gaugeSeries")(sql.unsafe<Gauge>(Gauges.series, [from, to, consumer ?? null])),
      fold: (limit) =>
        storeErrors("statistics.fold")(
          Effect.gen(function* () {
            const isMore = [
              yield* step(Write.foldMinutes, limit),
              yield* step(Write.removeHours, limit),
              yield* step(Write.thinGauges, limit)
            ]
            return isMore.includes(true)
          })
        ),
      isLarge: (limit) =>
        storeErrors("statistics.isLarge")(
          Effect.map(sql.unsafe<{ isLarge: boolean }>(Read.isLarge, [limit]), ([row]) => row?.isLarge === true)
        ),
      unfinished: storeErrors("statistics.unfinished")(
        Effect.gen(function* () {
          const deliveries = yield* sql.unsafe<StatusCount>(Gauges.unfinished)
          const [events] = yield* sql.unsafe<Record<string, number>>(unfinishedEvents)
          return { deliveries, events: events ?? {} }
        })
      ),
      finished: storeErrors("statistics.finished")(
        Effect.map(sql.unsafe<FinishedRow>(Read.finished), (rows) => ({
          since: rows.length === 0 ? null : new Date(Math.min(...rows.map(({ since }) => since.getTime()))),
          published: rows.reduce((sum, { published }) => sum + published, 0),
          consumers: rows
            .filter(({ consumer }) => consumer !== "")
            .map(({ consumer, processed, skipped }) => ({ consumer, processed, skipped }))
        }))
      )
    })
  })
)
