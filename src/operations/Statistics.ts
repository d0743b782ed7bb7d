/**
 * What was published and delivered, by time, and how much there was to do.
 *
 * @since 0.1.0
 */
import { Clock, Context, Duration, Effect, Layer, Option } from "effect"
import { InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import {
  type ConsumerRate,
  type Distribution,
  type Flow,
  type Gauge,
  type StatisticPoint,
  type StatisticSpan,
  StatisticStore
} from "../stores/StatisticStore.ts"
import { CurrentSums, StatisticSums } from "../stores/statisticSums.ts"

export type {
  ConsumerRate,
  Distribution,
  Flow,
  Gauge,
  OutcomeCounts,
  RatePoint,
  StatisticPoint,
  StatisticSpan
} from "../stores/StatisticStore.ts"

/** Why figures could not be told. @since 0.1.0 */
export type StatisticsError = InvalidOption | UnsupportedOption | StoreError

/** @since 0.1.0 */
export interface RatesRequest extends StatisticSpan {
  /** How long each point is, at least a minute. Default: so long that there are about 60. */
  readonly step?: "minute" | "hour" | Duration.Input
}

/** @since 0.1.0 */
export interface SeriesRequest extends StatisticSpan {
  /** How long each point is, at least a minute. Default a minute, for more than a day an hour. */
  readonly step?: "minute" | "hour" | Duration.Input
  /** Only of this consumer, which publishes nothing. */
  readonly consumer?: string
  readonly eventName?: string
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Points of a series at most. */
const maxPoints = 10_000

/** Points of a consumer's rate unless somebody says otherwise. */
const usualPoints = 60

const refuse = (option: string, value: unknown, expected: string) =>
  Effect.fail(new InvalidOption({ option, value: String(value), expected }))

const isDate = (value: unknown) => value instanceof Date && Number.isFinite(value.getTime())

const checkSpan = (where: string, { from, to }: StatisticSpan): Effect.Effect<void, InvalidOption> => {
  if (!isDate(from)) return refuse(`from of ${where}`, from, "a date")
  if (!isDate(to)) return refuse(`to of ${where}`, to, "a date")
  return from <= to ? Effect.void : refuse(`from of ${where}`, from.toISOString(), "not later than to")
}

const millisOf = (step: NonNullable<SeriesRequest["step"]>): number => {
  if (step === "minute") return minute
  if (step === "hour") return hour
  return Option.getOrElse(Option.map(Duration.fromInput(step), Duration.toMillis), () => Number.NaN)
}

/** @param usual - the step when none is given, in milliseconds */
const stepOf = (
  where: string,
  { from, step, to }: RatesRequest,
  usual: number
): Effect.Effect<number, InvalidOption> => {
  const millis = step === undefined ? usual : millisOf(step)
  if (!(millis >= minute && Number.isFinite(millis))) {
    return refuse(`step of ${where}`, step, '"minute", "hour", or a duration of at least a minute')
  }
  return (to.getTime() - from.getTime()) / millis <= maxPoints
    ? Effect.succeed(millis)
    : refuse(`step of ${where}`, step ?? `${millis} ms`, `so long that there are at most ${maxPoints} points`)
}

const lengthOf = ({ from, to }: StatisticSpan) => to.getTime() - from.getTime()

/** Whole minutes. */
const sparkling = (span: StatisticSpan) => Math.max(1, Math.ceil(lengthOf(span) / usualPoints / minute)) * minute

/** Checks a request: its names, its span. */
const checked = <Request extends StatisticSpan>(
  where: string,
  request: Request,
  names: ReadonlyArray<string>
): Effect.Effect<void, InvalidOption | UnsupportedOption> => {
  const unknown = unknownOption(where, request, ["from", "to", ...names])
  return unknown === undefined ? checkSpan(where, request) : Effect.fail(unknown)
}

/**
 * The time within which a share of all was done, in seconds: as far as the bounds tell, evenly within each. 0 of nothing; what took
 * longer than the last bound counts as that.
 *
 * @param share - from 0 to 1: 0.95 for the p95
 *
 * @since 0.1.0
 */
export const quantile = ({ bounds, counts }: Distribution, share: number): number => {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return 0
  const wanted = Math.min(1, Math.max(0, share)) * total
  let below = 0
  for (const [index, count] of counts.entries()) {
    const [lower, upper] = [bounds[index - 1] ?? 0, bounds[index] ?? bounds.at(-1) ?? 0]
    if (count > 0 && below + count >= wanted) return lower + (upper - lower) * Math.max(0, (wanted - below) / count)
    below += count
  }
  return bounds.at(-1) ?? 0
}

const make = Effect.gen(function* () {
  const store = yield* StatisticStore
  const sums = yield* CurrentSums
  // What this process has counted is written first, if that can be done.
  const fresh = <A, E>(read: Effect.Effect<A, E>) => Effect.andThen(sums?.write ?? Effect.void, read)
  return Statistics.of({
    series: Effect.fn("Statistics.series")(function* (request: SeriesRequest) {
      yield* checked("Statistics.series", request, ["step", "consumer", "eventName"])
      const { consumer, eventName, from, to } = request
      const stepMillis = yield* stepOf("Statistics.series", request, lengthOf(request) > day ? hour : minute)
      return yield* fresh(store.series({ from, to, stepMillis, consumer, eventName }))
    }),
    consumers: Effect.fn("Statistics.consumers")(function* (request: RatesRequest) {
      yield* checked("Statistics.consumers", request, ["step"])
      const { from, to } = request
      const stepMillis = yield* stepOf("Statistics.consumers", request, sparkling(request))
      return yield* fresh(store.rates({ from, to, stepMillis }))
    }),
    flows: Effect.fn("Statistics.flows")(function* (span: StatisticSpan) {
      yield* checked("Statistics.flows", span, [])
      return yield* fresh(store.flows({ from: span.from, to: span.to }))
    }),
    gauges: store.gauges,
    gaugeSeries: Effect.fn("Statistics.gaugeSeries")(function* (request) {
      yield* checked("Statistics.gaugeSeries", request, ["consumer"])
      return yield* store.gaugeSeries(request)
    })
  })
})

/**
 * Figures by the minute for a day and by the hour for 30 days, of all processes: they add up what they publish and deliver, and write
 * it every ten seconds. So figures of others are up to ten seconds old, and a process that is killed takes those with it; events are
 * not affected. Operations fail with `InvalidOption`, `UnsupportedOption` and `StoreError`.
 *
 * @since 0.1.0
 */
export class Statistics extends Context.Service<
  Statistics,
  {
    /**
     * Steps of a span of time in which something happened, by time. What is older than a day is known by the hour.
     *
     * @param request.from - part of the span
     * @param request.to - not part of it
     * @param request.step - how long each is; default a minute, for more than a day an hour
     * @param request.consumer - only of this consumer
     * @param request.eventName - only of this event
     */
    readonly series: (request: SeriesRequest) => Effect.Effect<ReadonlyArray<StatisticPoint>, StatisticsError>
    /** Consumers to which something came, by name, each with the steps in which it did. */
    readonly consumers: (request: RatesRequest) => Effect.Effect<ReadonlyArray<ConsumerRate>, StatisticsError>
    /** How much of each version of an event was published, and came to each consumer: by event, version, and consumer. */
    readonly flows: (span: StatisticSpan) => Effect.Effect<ReadonlyArray<Flow>, StatisticsError>
    /** How much there was to do when it was counted last, by consumer: a minute ago, or when something last happened. */
    readonly gauges: Effect.Effect<ReadonlyArray<Gauge>, StoreError>
    /** How much there was to do in a span of time, by time and consumer: each minute of a day, and once an hour for 30 days. */
    readonly gaugeSeries: (
      request: StatisticSpan & { readonly consumer?: string }
    ) => Effect.Effect<ReadonlyArray<Gauge>, StatisticsError>
  }
>()("effect-integration/Statistics") {
  /**
   * Has what is published and delivered counted, by `Publisher` and `Processor` that are provided with it: one for both, and for
   * nothing else in the process. `Integration.layer` has it.
   *
   * @since 0.1.0
   */
  static readonly counting: Layer.Layer<never> = Layer.effect(
    CurrentSums,
    Effect.map(Clock.Clock, (clock) => new StatisticSums(clock))
  )
  /** Same as `quantile` of this module. @since 0.1.0 */
  static readonly quantile = quantile
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<Statistics, never, StatisticStore> = Layer.effect(
    Statistics,
    Effect.suspend(() => make)
  )
}
