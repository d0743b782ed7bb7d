/** A chart in words: what is drawn with its values, and a table for those who cannot see it. */
import { memo, type ReactNode } from "react"
import { timeText } from "../words/clock.ts"
import { short } from "../words/numbers.ts"
import type { ChartProps, Series } from "./Chart.tsx"
import { rowsOf } from "./plotData.ts"

/** The names of what is drawn, with the values where the pointer is. */
export const Readout = ({
  at,
  children,
  format,
  series
}: {
  readonly at: number | null
  readonly children: ReactNode
  readonly format: (value: number) => string
  readonly series: ReadonlyArray<Series>
}) => (
  <div aria-hidden="true" className="flex min-h-6 flex-wrap items-center gap-x-4 text-sm text-muted">
    {series.map(({ label, token, values }) => {
      const value = at === null ? undefined : values[at]
      return (
        <span key={label} className="inline-flex items-center gap-1.5 whitespace-nowrap">
          <span className="size-2 rounded-[2px]" style={{ background: `var(${token})` }} />
          {label}
          <span className="min-w-8 text-text">{value === undefined ? "" : value === null ? "–" : format(value)}</span>
        </span>
      )
    })}
    <span className="ml-auto whitespace-nowrap">{children}</span>
  </div>
)

export const HiddenTable = memo(({ props, utc }: { readonly props: ChartProps; readonly utc: boolean }) => (
  <div className="sr-only">
    <table>
      <caption>{props.label}</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {props.series.map(({ label }) => (
            <th key={label} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rowsOf(props.times).map((index) => (
          <tr key={props.times[index]}>
            <th scope="row">{timeText(props.times[index]!, utc)}</th>
            {props.series.map(({ label, values }) => (
              <td key={label}>{values[index] == null ? "unknown" : (props.format ?? short)(values[index])}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
    <ul>
      {(props.marks ?? []).slice(0, 50).map(({ at, label }) => (
        <li key={`${at}${label}`}>{`${timeText(at, utc)}: ${label}`}</li>
      ))}
    </ul>
  </div>
))
