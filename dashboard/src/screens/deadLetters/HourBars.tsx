/** Failed attempts by hour: one day, or thirty. */
import { useState } from "react"
import type { ErrorGroupDetails } from "../../api/wire.ts"
import { Choose } from "../../parts/Field.tsx"
import { clockText, isUtc, timeText, useNow } from "../../words/clock.ts"
import { exact } from "../../words/numbers.ts"

const hour = 3_600_000

type Span = "24h" | "30d"

/** Sums by step up to now. */
const barsOf = (hourly: ErrorGroupDetails["hourly"], span: Span, now: number) => {
  const step = span === "24h" ? hour : 24 * hour
  const count = span === "24h" ? 24 : 30
  const end = Math.floor(now / hour) * hour + hour
  const sums = Array.from({ length: count }, () => 0)
  for (const { at, attempts } of hourly) {
    const index = Math.floor((new Date(at).getTime() - (end - count * step)) / step)
    if (index >= 0 && index < count) sums[index]! += attempts
  }
  return sums.map((attempts, index) => ({
    attempts,
    from: end - (count - index) * step,
    to: end - (count - index - 1) * step
  }))
}

export const HourBars = ({ hourly }: { readonly hourly: ErrorGroupDetails["hourly"] }) => {
  const [span, setSpan] = useState<Span>("24h")
  const utc = isUtc.use()
  // By the hour: bars must not be made anew each second.
  const now = Math.floor(useNow() / hour) * hour
  const bars = barsOf(hourly, span, now)
  const most = Math.max(1, ...bars.map(({ attempts }) => attempts))
  const total = bars.reduce((sum, { attempts }) => sum + attempts, 0)
  const textOf = (at: number) =>
    span === "24h" ? clockText(at, utc).replace(/:\d\d$/, "") : timeText(at, utc).split(",", 1)[0]
  const sum = `${exact(total)} failed ${total === 1 ? "attempt" : "attempts"}`
  const words = `${sum}, at most ${exact(most)} in ${span === "24h" ? "an hour" : "a day"}`
  return (
    <div>
      <div className="mb-2 flex items-center justify-between gap-3">
        <span className="text-muted">{total === 0 ? "No attempt failed in this time." : sum}</span>
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
      <div role="img" aria-label={words} className="flex h-16 items-end gap-px border-b border-line">
        {bars.map(({ attempts, from, to }) => (
          <div
            key={from}
            title={`${exact(attempts)} failed attempts, ${timeText(from, utc)} to ${timeText(to, utc)}`}
            className="flex h-full min-w-0 flex-1 items-end hover:bg-hover"
          >
            <div
              className="w-full rounded-t-[1px] bg-retrying"
              style={{ height: attempts === 0 ? 0 : `max(2px, ${(100 * attempts) / most}%)` }}
            />
          </div>
        ))}
      </div>
      <div className="mt-1 flex justify-between text-xs text-faint" aria-hidden="true">
        <span>{textOf(bars[0]!.from)}</span>
        <span>now</span>
      </div>
    </div>
  )
}
