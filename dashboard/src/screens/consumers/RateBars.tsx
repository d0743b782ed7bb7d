/** What a consumer did in a span of time, as small bars: what went well is quiet, what failed is seen. */
import { memo } from "react"
import type { ConsumerRate } from "../../api/wire.ts"
import { exact } from "../../words/numbers.ts"
import { everyStep, rateStepOf, totalsOf } from "./rates.ts"

const width = 120
const height = 24

const layers = [
  ["gaveUp", "fill-gave-up"],
  ["retried", "fill-retrying"],
  ["skipped", "fill-paused"],
  ["processed", "fill-running"]
] as const

/** Drawn again when there are other figures, not with each figure of the moment. */
export const RateBars = memo(
  ({ from, rate, to }: { readonly rate: ConsumerRate | undefined; readonly from: number; readonly to: number }) => {
    const steps = everyStep(rate?.points ?? [], from, to, rateStepOf(from, to)).map(({ at, points }) => ({
      at,
      totals: totalsOf(rate === undefined ? undefined : { ...rate, points })
    }))
    const most = Math.max(1, ...steps.map(({ totals }) => totals.attempts))
    const { gaveUp, processed, retried } = totalsOf(rate)
    const each = width / Math.max(1, steps.length)
    return (
      <svg
        role="img"
        aria-label={`${exact(processed)} processed, ${exact(retried)} retried, ${exact(gaveUp)} gave up`}
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        className="block"
      >
        <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} className="stroke-line" />
        {steps.map(({ at, totals }, index) => {
          let below = height - 1
          return layers.map(([name, fill]) => {
            const count = totals[name]
            if (count === 0) return null
            const tall = Math.max(1, (count / most) * (height - 2))
            below -= tall
            return (
              <rect
                key={`${at} ${name}`}
                x={index * each}
                y={Math.max(0, below)}
                width={Math.max(1, each - 0.5)}
                height={tall}
                className={fill}
              />
            )
          })
        })}
      </svg>
    )
  }
)
