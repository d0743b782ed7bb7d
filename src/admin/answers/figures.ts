/**
 * Statistics.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Statistics } from "../../operations/Statistics.ts"
import type { AdminService } from "../adminService.ts"
import { ConsumerRate, Flow, Gauge, StatisticPoint } from "../model/statistics.ts"
import type { Bounded } from "./bounded.ts"
import { shaped } from "./shaped.ts"

const pointOf = shaped(StatisticPoint)
const flowOf = shaped(Flow)

/** How one consumer's rates are told. */
export const rateOf = shaped(ConsumerRate)

/** How a gauge is told. */
export const gaugeOf = shaped(Gauge)

export const statisticsOver = (
  statistics: Statistics["Service"],
  { ask }: Bounded
): Pick<AdminService, "statistics"> => ({
  statistics: {
    series: (request) => ask(Effect.map(statistics.series(request), (points) => points.map(pointOf))),
    consumers: (span) => ask(Effect.map(statistics.consumers(span), (rates) => rates.map(rateOf))),
    flows: (span) => ask(Effect.map(statistics.flows(span), (flows) => flows.map(flowOf))),
    gauges: (request) => ask(Effect.map(statistics.gaugeSeries(request), (gauges) => gauges.map(gaugeOf)))
  }
})
