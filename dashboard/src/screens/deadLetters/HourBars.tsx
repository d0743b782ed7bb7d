/** Failed attempts by hour: one day, or thirty. */
import { useState } from "react"
import { Choose } from "../../parts/Field.tsx"
import { clockText, isUtc, timeText } from "../../words/clock.ts"
import { type Bar, barsOf, barsText, failedText, type Hourly, mostOf, type Span, totalOf, useHour } from "./hours.ts"

/** Bars side by side, the highest as high as there is room. */
export const Bars = ({
  bars,
  className,
  label
}: {
  readonly bars: ReadonlyArray<Bar>
  readonly label: string
  readonly className: string
}) => {
  const utc = isUtc.use()
  const most = mostOf(bars)
  return (
    <div role="img" aria-label={label} className={`flex items-end gap-px border-b border-line ${className}`}>
      {bars.map(({ attempts, from, to }) => (
        <div
          key={from}
          title={`${failedText(attempts)}, ${timeText(from, utc)} to ${timeText(to, utc)}`}
          className="flex h-full min-w-0 flex-1 items-end hover:bg-hover"
        >
          <div
            className="w-full rounded-t-[1px] bg-retrying"
            style={{ height: attempts === 0 ? 0 : `max(2px, ${(100 * attempts) / most}%)` }}
          />
        </div>
      ))}
    </div>
  )
}

/** The last 24 hours of an error, in a list. */
export const DayBars = ({ hourly }: { readonly hourly: Hourly }) => {
  const now = useHour()
  const bars = barsOf(hourly, "24h", now)
  return <Bars bars={bars} label={barsText(bars, "24h")} className="h-5 w-[72px]" />
}

export const HourBars = ({ hourly }: { readonly hourly: Hourly }) => {
  const [span, setSpan] = useState<Span>("24h")
  const utc = isUtc.use()
  const bars = barsOf(hourly, span, useHour())
  const textOf = (at: number) =>
    span === "24h" ? clockText(at, utc).replace(/:\d\d$/, "") : timeText(at, utc).split(",", 1)[0]
  const total = totalOf(bars)
  return (
    <div>
      <div className="mb-2 flex items-center justify-between gap-3">
        <span className="text-muted">{total === 0 ? "No attempt failed in this time." : failedText(total)}</span>
        <Choose<Span>
          label="Span of the bars"
          value={span}
          onChange={setSpan}
          choices={[
            { value: "24h", label: "24 h" },
            { value: "30d", label: "30 days" }
          ]}
        />
      </div>
      <Bars bars={bars} label={barsText(bars, span)} className="h-16" />
      <div className="mt-1 flex justify-between text-xs text-faint" aria-hidden="true">
        <span>{textOf(bars[0]!.from)}</span>
        <span>now</span>
      </div>
    </div>
  )
}
