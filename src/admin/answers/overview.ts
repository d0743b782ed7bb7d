/**
 * The first look, and the figures of the moment.
 *
 * @internal
 */
import { Clock, Effect, Schedule, Stream } from "effect"
import type { ErrorGroups } from "../../operations/ErrorGroups.ts"
import type { Statistics } from "../../operations/Statistics.ts"
import type { AdminService } from "../adminService.ts"
import type { ConsumerSummary, Overview } from "../model/consumers.ts"
import { attentionTo, late } from "./attention.ts"
import type { Bounded } from "./bounded.ts"
import { type ConsumerServices, summaries } from "./consumers.ts"
import { gaugeOf, rateOf } from "./figures.ts"
import { type LagTrend, lagTrendsOf, trendMillis } from "./lagTrends.ts"

const minute = 60_000

/** How far back the first look goes. */
const hour = 60 * minute

/** Errors that are new are told up to so many. */
const mostNew = 20

export interface OverviewServices extends ConsumerServices {
  readonly statistics: Statistics["Service"]
  readonly errorGroups: ErrorGroups["Service"]
}

/** What does not change while a process runs. */
export type About = Pick<Overview, "version" | "store">

/** Gauges are read only if somebody is behind. */
const trends = Effect.fnUntraced(function* (
  { statistics }: OverviewServices,
  consumers: ReadonlyArray<ConsumerSummary>,
  now: number
) {
  const behind = consumers.filter(({ depth }) => depth.oldestMillis >= late)
  if (behind.length === 0) return new Map<string, LagTrend>()
  const gauges = yield* statistics.gaugeSeries({ from: new Date(now - trendMillis), to: new Date(now) })
  return lagTrendsOf(behind, gauges, now)
})

const overview = Effect.fnUntraced(function* (services: OverviewServices, about: About) {
  const { errorGroups, processor, statistics } = services
  const now = yield* Clock.currentTimeMillis
  const span = { from: new Date(now - hour), to: new Date(now) }
  const consumers = yield* summaries(services)
  const { groups } = yield* errorGroups.list({ states: ["new"], onlyOpen: true, limit: mostNew })
  const published = yield* statistics.series({ ...span, step: "minute" })
  return {
    at: new Date(now),
    ...about,
    attention: attentionTo(consumers, groups, yield* processor.replicas, yield* trends(services, consumers, now)),
    consumers,
    gauges: (yield* statistics.gauges).map(gaugeOf),
    rates: (yield* statistics.consumers({ ...span, step: "minute" })).map(rateOf),
    published: published.map(({ at, published }) => ({ at, count: published }))
  }
})

const figures = Effect.fnUntraced(function* (services: OverviewServices) {
  const now = yield* Clock.currentTimeMillis
  const points = yield* services.statistics.series({
    from: new Date(Math.floor(now / minute - 1) * minute),
    to: new Date(now),
    step: "minute"
  })
  const sum = (of: (point: (typeof points)[number]) => number) => points.reduce((total, point) => total + of(point), 0)
  return {
    at: new Date(now),
    consumers: (yield* summaries(services, undefined, true)).map(({ consumer, depth, pausedAt }) => ({
      consumer,
      isPaused: pausedAt !== null,
      depth
    })),
    published: sum((point) => point.published),
    settled: sum(({ processed, skipped }) => processed + skipped),
    retried: sum(({ retried }) => retried),
    gaveUp: sum(({ gaveUp }) => gaveUp)
  }
})

export const overviewOver = (
  services: OverviewServices,
  about: About,
  { ask, unlessTheirs }: Bounded
): Pick<AdminService, "overview" | "live"> => ({
  overview: Effect.andThen(unlessTheirs(services.processor.flush), ask(overview(services, about))),
  // Each who listens here has looks of their own; the server has one for all who watch.
  live: Stream.fromEffectSchedule(ask(figures(services)), Schedule.spaced("1 second"))
})
