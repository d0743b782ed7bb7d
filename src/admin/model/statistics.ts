/**
 * Figures, as the administration tells them.
 *
 * @internal
 */
import { Schema } from "effect"
import { spanFields, Text } from "./common.ts"

/** How many took how long: `counts[i]` took up to `bounds[i]` seconds, the last one longer than all bounds. @since 0.1.0 */
export const Distribution = Schema.Struct({
  bounds: Schema.Array(Schema.Finite),
  counts: Schema.Array(Schema.Finite),
  /** Seconds in all. */
  sum: Schema.Finite
}).annotate({ identifier: "Distribution" })

/** @since 0.1.0 */
export type Distribution = typeof Distribution.Type

const counted = {
  processed: Schema.Finite,
  retried: Schema.Finite,
  skipped: Schema.Finite,
  gaveUp: Schema.Finite
}

/** What happened in a minute, an hour, or a step of them. @since 0.1.0 */
export const StatisticPoint = Schema.Struct({
  at: Schema.Date,
  published: Schema.Finite,
  ...counted,
  /** How long handlers ran. */
  duration: Distribution,
  /** How long deliveries were due before their handler began. */
  lag: Distribution
}).annotate({ identifier: "StatisticPoint" })

/** @since 0.1.0 */
export type StatisticPoint = typeof StatisticPoint.Type

/** Which figures are asked for. Without a step it is chosen by the span. @since 0.1.0 */
export const SeriesRequest = Schema.Struct({
  ...spanFields,
  step: Schema.optionalKey(Schema.Literals(["minute", "hour"])),
  consumer: Schema.optionalKey(Text),
  eventName: Schema.optionalKey(Text)
}).annotate({ identifier: "SeriesRequest" })

/** @since 0.1.0 */
export type SeriesRequest = typeof SeriesRequest.Type

/** What one consumer did, by minute. @since 0.1.0 */
export const ConsumerRate = Schema.Struct({
  consumer: Schema.String,
  points: Schema.Array(Schema.Struct({ at: Schema.Date, ...counted })),
  duration: Distribution,
  lag: Distribution
}).annotate({ identifier: "ConsumerRate" })

/** @since 0.1.0 */
export type ConsumerRate = typeof ConsumerRate.Type

/** What flowed from an event's name to a consumer, or was published by it (`consumer` is null). @since 0.1.0 */
export const Flow = Schema.Struct({
  eventName: Schema.String,
  schemaVersion: Schema.Int,
  consumer: Schema.NullOr(Schema.String),
  published: Schema.Finite,
  ...counted,
  lastAt: Schema.Date
}).annotate({ identifier: "Flow" })

/** @since 0.1.0 */
export type Flow = typeof Flow.Type

/** How much a consumer had to do, counted at `at`. @since 0.1.0 */
export const Gauge = Schema.Struct({
  consumer: Schema.String,
  at: Schema.Date,
  open: Schema.Finite,
  retrying: Schema.Finite,
  parked: Schema.Finite,
  gaveUp: Schema.Finite,
  oldestAt: Schema.NullOr(Schema.Date),
  /** Whether all were counted; else there are at least so many. */
  isExact: Schema.Boolean
}).annotate({ identifier: "Gauge" })

/** @since 0.1.0 */
export type Gauge = typeof Gauge.Type
