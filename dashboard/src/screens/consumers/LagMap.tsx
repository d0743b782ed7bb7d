/** How long deliveries waited, over time: the darker, the more of that moment. */
import type { Distribution } from "../../api/wire.ts"
import { clockText, isUtc } from "../../words/clock.ts"
import { duration, exact, percent, quantileText } from "../../words/numbers.ts"
import { allOf, type Step } from "./steps.ts"

const rowHeight = 12

/** Text of a row: up to its bound, or more than the last. */
const rowText = (bounds: ReadonlyArray<number>, index: number): string => {
  const bound = bounds[index]
  const text = bound === undefined ? `> ${duration(bounds.at(-1)! * 1_000)}` : `≤ ${duration(bound * 1_000)}`
  return text.replace(".0 s", " s")
}

/** `within 5 ms`, `after more than 1 h`. */
const beganText = (lag: Distribution, share: number) => {
  const text = quantileText(lag, share).replace(".0 s", " s")
  return text.startsWith(">") ? `after more than ${text.slice(2)}` : `within ${text.slice(2)}`
}

/** Without seconds: steps are of whole minutes. */
const minuteText = (at: number, utc: boolean) => clockText(at, utc).replace(/:\d\d$/, "")

const sumOf = (counts: ReadonlyArray<number>) => counts.reduce((sum, count) => sum + count, 0)

export const LagMap = ({ step, steps }: { readonly steps: ReadonlyArray<Step>; readonly step: number }) => {
  const utc = isUtc.use()
  const all = allOf(steps.map(({ lag }) => lag))
  if (all === undefined || sumOf(all.counts) === 0) {
    return <p className="flex h-[184px] items-center justify-center text-muted">Nothing was delivered in this time.</p>
  }
  const rows = all.counts.map((count, index) => ({ count, index, text: rowText(all.bounds, index) })).toReversed()
  const height = rows.length * rowHeight
  const [first, last] = [steps[0]!.at, steps.at(-1)!.at + step]
  const total = sumOf(all.counts)
  const summary = `Half began ${beganText(all, 0.5)}, 95 % ${beganText(all, 0.95)}; ${exact(total)} attempts.`
  return (
    <figure>
      <figcaption className="mb-2 text-muted">{summary}</figcaption>
      <div className="grid grid-cols-[56px_minmax(0,1fr)_44px] gap-x-2 text-xs text-faint">
        <div aria-hidden="true" className="text-right">
          {rows.map(({ index, text }) => (
            <div key={index} className="whitespace-nowrap leading-[12px]">
              {text}
            </div>
          ))}
        </div>
        <svg
          role="img"
          aria-label={`Waiting times over time. ${summary}`}
          viewBox={`0 0 ${steps.length} ${height}`}
          preserveAspectRatio="none"
          width="100%"
          height={height}
          className="block bg-surface"
        >
          {steps.flatMap(({ at, lag }, column) => {
            const most = Math.max(1, ...(lag?.counts ?? []))
            return rows.map(({ index, text }, row) => {
              const count = lag?.counts[index] ?? 0
              return count === 0 ? null : (
                <rect
                  key={`${at} ${index}`}
                  x={column}
                  y={row * rowHeight + 0.5}
                  width={0.92}
                  height={rowHeight - 1}
                  className="fill-waiting"
                  opacity={0.2 + (0.8 * Math.log1p(count)) / Math.log1p(most)}
                >
                  <title>{`${minuteText(at, utc)}: ${exact(count)} waited ${text}`}</title>
                </rect>
              )
            })
          })}
        </svg>
        <div>
          {rows.map(({ count, index, text }) => (
            <div key={index} className="h-3 text-right leading-[12px]" title={`${exact(count)} waited ${text}`}>
              {count === 0 ? "" : percent(count, total)}
              <span className="sr-only"> waited {text}</span>
            </div>
          ))}
        </div>
        <span />
        <div className="mt-1 flex justify-between" aria-hidden="true">
          <span>{minuteText(first, utc)}</span>
          <span>{minuteText(last, utc)}</span>
        </div>
      </div>
    </figure>
  )
}
