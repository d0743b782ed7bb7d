/**
 * The contract of statistics: what happened, by minute and by hour, and how much there was to do. No database is imported here.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { StatusCount } from "./Delivery.ts"
import type { EventStatus } from "./OutboxStore.ts"

/** Upper bounds of distributions, in seconds, of durations and of lags; what takes longer is beyond the last. @since 0.1.0 */
export const distributionBounds: ReadonlyArray<number> = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600
]

/** How long things took: how many within each bound, and beyond the last. @since 0.1.0 */
export interface Distribution {
  /** Upper bounds in seconds, the least first. */
  readonly bounds: ReadonlyArray<number>
  /** How many were within each bound and beyond the one before; the last beyond all of them. */
  readonly counts: ReadonlyArray<number>
  /** Of all, in seconds. */
  readonly sum: number
}

/** Counts of one distribution with the bounds of `distributionBounds`; no counts: nothing took any time. @since 0.1.0 */
export interface DistributionSums {
  readonly counts: ReadonlyArray<number>
  /** In seconds. */
  readonly sum: number
}

/** What became of deliveries. @since 0.1.0 */
export interface OutcomeCounts {
  readonly processed: number
  /** Attempts that failed and are made again. */
  readonly retried: number
  readonly skipped: number
  readonly gaveUp: number
}

/** Sums of one minute, of one consumer and one version of an event; of what was published, consumer is "". @since 0.1.0 */
export interface StatisticRow extends OutcomeCounts {
  /** When the minute begins. */
  readonly at: Date
  readonly consumer: string
  readonly eventName: string
  readonly schemaVersion: number
  readonly published: number
  /** Of runs of handlers. */
  readonly duration: DistributionSums
  /** From when a delivery was due until its handler started. */
  readonly lag: DistributionSums
  /** When the last of it happened, about. */
  readonly lastAt: Date
}

/** A span of time: from `from`, which is part of it, to `to`, which is not. @since 0.1.0 */
export interface StatisticSpan {
  readonly from: Date
  readonly to: Date
}

/** @since 0.1.0 */
export interface StatisticSeriesRequest extends StatisticSpan {
  /** How long each point is, in milliseconds; they begin at its multiples since 1970. */
  readonly stepMillis: number
  /** Only of this consumer: nothing is published by it. */
  readonly consumer?: string | undefined
  readonly eventName?: string | undefined
}

/** What happened in one step of time. @since 0.1.0 */
export interface StatisticPoint extends OutcomeCounts {
  /** When the step begins. */
  readonly at: Date
  readonly published: number
  readonly duration: Distribution
  readonly lag: Distribution
}

/** What became of a consumer's deliveries in one step of time. @since 0.1.0 */
export interface RatePoint extends OutcomeCounts {
  readonly at: Date
}

/** What one consumer did in a span of time: steps in which something happened, and how long things took in all. @since 0.1.0 */
export interface ConsumerRate {
  readonly consumer: string
  readonly points: ReadonlyArray<RatePoint>
  readonly duration: Distribution
  readonly lag: Distribution
}

/** How much of an event was published (`consumer` is null), or came to a consumer. @since 0.1.0 */
export interface Flow extends OutcomeCounts {
  readonly eventName: string
  readonly schemaVersion: number
  readonly consumer: string | null
  readonly published: number
  /** When the last of it happened, about. */
  readonly lastAt: Date
}

/** How much one consumer had to do at a time. @since 0.1.0 */
export interface Gauge {
  readonly consumer: string
  /** When it was counted: its age is to be shown. */
  readonly at: Date
  /** Handled for the first time, now or when they are due; those under way by a lease among them. */
  readonly open: number
  /** To be tried again. */
  readonly retrying: number
  /** Behind others in their aggregate's order. */
  readonly parked: number
  readonly gaveUp: number
  /** Since when the one that is due longest has been due; null when none is. */
  readonly oldestAt: Date | null
  /** False: at least one of the numbers is larger. */
  readonly isExact: boolean
}

/** Deliveries of one kind are counted up to this many, for each consumer, in gauges. @since 0.1.0 */
export const largestGauge = 1_000_000

/** What a look at gauges found. @since 0.1.0 */
export interface GaugeLook {
  /** It was counted now, rather than by somebody else before. */
  readonly isOurs: boolean
  /** By the last count, something is to be handled still. */
  readonly isOpen: boolean
}

/** What is not settled, and what gave up, counted now: from indexes in which nothing else is. @since 0.1.0 */
export interface UnfinishedCounts {
  /** By consumer and status, as `InboxStore.countByStatus` has them, without those that are processed or skipped. */
  readonly deliveries: ReadonlyArray<StatusCount>
  /** Events by status, without those that are processed. */
  readonly events: Readonly<Partial<Record<EventStatus, number>>>
}

/** What statistics have of what was published and settled. @since 0.1.0 */
export interface FinishedSums {
  /** The oldest there is; null without any. */
  readonly since: Date | null
  readonly published: number
  readonly consumers: ReadonlyArray<{
    readonly consumer: string
    readonly processed: number
    readonly skipped: number
  }>
}

/** How long minutes are kept before they become hours; of gauges, before one in an hour is kept. @since 0.1.0 */
export const minutesKeptHours = 24

/** How long hours are kept, in days. @since 0.1.0 */
export const hoursKeptDays = 30

/**
 * Stores statistics: `add` beside any transaction, all else in the caller's, or in one of its own. Operations fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class StatisticStore extends Context.Service<
  StatisticStore,
  {
    /**
     * Adds sums to what is there, all or none, beside any transaction and without waiting for the application's connections. Two
     * processes that add the same at once never stand in each other's way for good.
     *
     * @param rows - each of another minute, consumer, event or version
     */
    readonly add: (rows: ReadonlyArray<StatisticRow>) => Effect.Effect<void, StoreError>
    /** Steps in which something happened, by time. Of what is older than a day there are hours, which are not divided. */
    readonly series: (request: StatisticSeriesRequest) => Effect.Effect<ReadonlyArray<StatisticPoint>, StoreError>
    /** Consumers by name, with steps in which something happened, by time. */
    readonly rates: (
      request: StatisticSpan & { readonly stepMillis: number }
    ) => Effect.Effect<ReadonlyArray<ConsumerRate>, StoreError>
    /** By event, version, and consumer, what was published first. */
    readonly flows: (span: StatisticSpan) => Effect.Effect<ReadonlyArray<Flow>, StoreError>
    /**
     * Counts what there is to do and keeps it as that of this minute, for every consumer there is, unless this minute has been
     * counted, or the last count is not older than `gapMillis`. When nothing was to be handled by the last count and nothing is
     * now, nothing is written.
     */
    readonly gauge: (gapMillis: number) => Effect.Effect<GaugeLook, StoreError>
    /** The last count, by consumer. */
    readonly gauges: Effect.Effect<ReadonlyArray<Gauge>, StoreError>
    /** Counts of a span of time, by time and consumer. */
    readonly gaugeSeries: (
      request: StatisticSpan & { readonly consumer?: string | undefined }
    ) => Effect.Effect<ReadonlyArray<Gauge>, StoreError>
    /**
     * Adds minutes older than a day to their hours, removes hours older than 30 days, and of the gauges all older than that, and those
     * older than a day that are not the first of their hour; up to `limit` rows of each kind. Several may do it at once. Returns
     * whether there may be more.
     */
    readonly fold: (limit: number) => Effect.Effect<boolean, StoreError>
    /** Whether there are more events, or more deliveries, than `limit`: no more are looked at. */
    readonly isLarge: (limit: number) => Effect.Effect<boolean, StoreError>
    readonly unfinished: Effect.Effect<UnfinishedCounts, StoreError>
    readonly finished: Effect.Effect<FinishedSums, StoreError>
  }
>()("effect-integration/StatisticStore") {}
