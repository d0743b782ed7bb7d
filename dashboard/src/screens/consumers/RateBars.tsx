/** What a consumer did in a span of time, as small bars: what went well is quiet, what failed is seen. */
import { memo } from "react"
import type { ConsumerRate } from "../../api/wire.ts"
import { exact } from "../../words/numbers.ts"
import { everyStep, rateStepOf, totalsOf } from "./rates.ts"

const width = 120
const height = 24

/** From below. */
const layers = [
  ["gaveUp", "fill-gave-up"],
  ["retried", "fill-retrying"],
  ["skipped", "fill-paused"],
  ["processed", "fill-running"]
] as const

type Totals = ReturnType<typeof totalsOf>

/** The bars of each layer as one outline: a list has hundreds of consumers, and each bar an element of its own would take a second to lay out. */
const outlinesOf = (steps: ReadonlyArray<Totals>) => {
  const most = Math.max(1, ...steps.map(({ attempts }) => attempts))
  const each = width / Math.max(1, steps.length)
  const wide = Math.max(1, each - 0.5)
  const outlines = layers.map(() => "")
  steps.forEach((totals, index) => {
    let below = height - 1
    layers.forEach(([name], layer) => {
      if (totals[name] === 0) return
      const tall = Math.max(1, (totals[name] / most) * (height - 2))
      below = Math.max(0, below - tall)
      outlines[layer] += `M${index * each} ${below}h${wide}v${tall}h${-wide}z`
    })
  })
  return outlines
}

/** Drawn again when there are other figures, not with each figure of the moment. */
export const RateBars = memo(
  ({ from, rate, to }: { readonly rate: ConsumerRate | undefined; readonly from: number; readonly to: number }) => {
    const steps = everyStep(rate?.points ?? [], from, to, rateStepOf(from, to))
    const outlines = outlinesOf(steps.map(totalsOf))
    const { gaveUp, processed, retried } = totalsOf(rate)
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
        {layers.map(([name, fill], layer) =>
          outlines[layer] === "" ? null : <path key={name} d={outlines[layer]} className={fill} />
        )}
      </svg>
    )
  }
)
