/**
 * The first look, and the figures of the moment.
 *
 * @internal
 */
import { Clock, Effect, Schedule, type Scope, Stream } from "effect"
import type { ErrorGroups } from "../../operations/ErrorGroups.ts"
import type { Statistics } from "../../operations/Statistics.ts"
import type { AdminService } from "../adminService.ts"
import type { Overview } from "../model/consumers.ts"
import { attentionTo } from "./attention.ts"
import type { Bounded } from "./bounded.ts"
import { type ConsumerServices, summaries } from "./consumers.ts"
import { gaugeOf, rateOf } from "./figures.ts"

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
    attention: attentionTo(consumers, groups, yield* processor.replicas),
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
    consumers: (yield* summaries(services)).map(({ consumer, depth, pausedAt }) => ({
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

/** One look a second for all who listen, while anybody does. */
const shared = (services: OverviewServices, { ask }: Bounded) =>
  Stream.fromEffectSchedule(ask(figures(services)), Schedule.spaced("1 second")).pipe(
    Stream.share({ capacity: 2, strategy: "sliding", replay: 1 })
  )

export const overviewOver = (
  services: OverviewServices,
  about: About,
  bounded: Bounded
): Effect.Effect<Pick<AdminService, "overview" | "live">, never, Scope.Scope> =>
  Effect.map(shared(services, bounded), (live) => ({
    overview: Effect.andThen(bounded.unlessTheirs(services.processor.flush), bounded.ask(overview(services, about))),
    live
  }))
