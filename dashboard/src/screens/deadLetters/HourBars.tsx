/** Failed attempts by hour: one day, or thirty. */
import { useState } from "react"
import type { ErrorGroup } from "../../api/wire.ts"
import { Choose } from "../../parts/Field.tsx"
import { clockText, isUtc, timeText } from "../../words/clock.ts"
import { type Bar, barsOf, barsText, failedText, mostOf, type Span, totalOf, useHour } from "./hours.ts"

/** Nothing of it gave up, and something may: an error that is seen before a delivery dies of it. */
const isAhead = ({ gaveUp, retrying }: Pick<ErrorGroup, "gaveUp" | "retrying">) => gaveUp === 0 && retrying > 0

/** Bars side by side, the highest as high as there is room; hollow ones of an error of which nothing gave up. */
const Bars = ({
  bars,
  className,
  group,
  label
}: {
  readonly bars: ReadonlyArray<Bar>
  readonly group: ErrorGroup
  readonly label: string
  readonly className: string
}) => {
  const utc = isUtc.use()
  const most = mostOf(bars)
  return (
    <div
      role="img"
      aria-label={isAhead(group) ? `${label}; nothing gave up yet` : label}
      className={`flex items-end gap-px border-b border-line ${className}`}
    >
      {bars.map(({ attempts, from, to }) => (
        <div
          key={from}
          title={`${failedText(attempts)}, ${timeText(from, utc)} to ${timeText(to, utc)}`}
          className="flex h-full min-w-0 flex-1 items-end hover:bg-hover"
        >
          {attempts === 0 ? null : (
            <div
              className={`w-full rounded-t-[1px] ${isAhead(group) ? "border border-b-0 border-retrying" : "bg-retrying"}`}
              style={{ height: `max(2px, ${(100 * attempts) / most}%)` }}
            />
          )}
        </div>
      ))}
    </div>
  )
}

/** The last 24 hours of an error, in a list. */
export const DayBars = ({ group }: { readonly group: ErrorGroup }) => {
  const now = useHour()
  const bars = barsOf(group.hourly, "24h", now)
  return <Bars bars={bars} group={group} label={barsText(bars, "24h")} className="h-5 w-[119px]" />
}

export const HourBars = ({ group }: { readonly group: ErrorGroup }) => {
  const [span, setSpan] = useState<Span>("24h")
  const utc = isUtc.use()
  const bars = barsOf(group.hourly, span, useHour())
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
      <Bars bars={bars} group={group} label={barsText(bars, span)} className="h-16" />
      <div className="mt-1 flex justify-between text-xs text-faint" aria-hidden="true">
        <span>{textOf(bars[0]!.from)}</span>
        <span>now</span>
      </div>
    </div>
  )
}
