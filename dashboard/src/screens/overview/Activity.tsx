/** What was settled, retried and given up in the chosen span of time, with what may explain it. */
import { useMemo } from "react"
import { useAsk } from "../../api/asking.ts"
import { Answered, Skeleton } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { Chart } from "../../parts/Chart.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { rangeWords, spanOf, useRange } from "../../parts/range.ts"
import { clockText, isUtc } from "../../words/clock.ts"
import { states } from "../../words/states.ts"
import { useMarks } from "./marks.ts"
import { filled, hour, minute, stepsOf } from "./steps.ts"
import { useZoom } from "./zoom.ts"

/** Points that are drawn at most: with more, a line is only noise. */
const mostPoints = 240

/** Steps that a span is drawn in, in milliseconds. More than a day is known by the hour only. */
const drawnStep = (span: number): number => {
  if (span > 24 * hour) return hour
  const minutes = [1, 2, 5, 10].find((count) => span / (count * minute) <= mostPoints) ?? 10
  return minutes * minute
}

const unitOf = (step: number): string => {
  if (step === hour) return "by hour"
  return step === minute ? "by minute" : `every ${step / minute} minutes`
}

/** @param at - now, as the server has it */
export const Activity = ({ at }: { readonly at: string }) => {
  const now = new Date(at).getTime()
  const utc = isUtc.use()
  const [range] = useRange()
  const { unzoom, zoom, zoomTo } = useZoom(range)
  const span =
    zoom === undefined
      ? spanOf(range, now)
      : { from: new Date(zoom.from).toISOString(), to: new Date(zoom.to).toISOString() }
  const [from, to] = [new Date(span.from).getTime(), new Date(span.to).getTime()]
  const step = drawnStep(to - from)
  const every = to < now ? false : to - from > 6 * hour ? minute : 10_000
  const query = useAsk("/statistics", { query: { ...span, step: step >= hour ? "hour" : "minute" } }, { every })
  const marks = useMarks(from, to)
  // The step that is not over would look like a fall.
  const over = Math.floor(now / step) * step
  const chart = useMemo(() => {
    const points = query.data ?? []
    const times = stepsOf(from, to, step, over)
    return {
      times,
      series: [
        {
          label: "Settled",
          token: states.running.token,
          values: filled(points, times, ({ processed, skipped }) => processed + skipped, step)
        },
        {
          label: "Retried",
          token: states.retrying.token,
          values: filled(points, times, ({ retried }) => retried, step)
        },
        {
          label: "Gave up",
          token: states["gave-up"].token,
          values: filled(points, times, ({ gaveUp }) => gaveUp, step)
        }
      ]
    }
  }, [query.data, from, to, step, over])
  const unit = unitOf(step)
  const during = zoom === undefined ? rangeWords[range] : `${clockText(from, utc)} to ${clockText(to, utc)}`
  return (
    <Panel
      title={
        <>
          Deliveries <span className="font-normal text-muted">{`${unit}, ${during}`}</span>
        </>
      }
      className="mb-4"
      actions={zoom === undefined ? null : <Button onClick={unzoom}>Show all of {range}</Button>}
    >
      <Answered query={query} skeleton={<Skeleton className="h-[204px] w-full max-sm:h-36" />}>
        {() => (
          <Chart
            kind="area"
            label={`Deliveries settled, retried and given up ${unit}`}
            marks={marks}
            onBrush={zoomTo}
            {...chart}
          />
        )}
      </Answered>
    </Panel>
  )
}
