/** A chart over time. What draws it is loaded when the first chart is shown. */

import { lazy } from "react"
import { patiently } from "../api/loading.ts"
import { Skeleton } from "./Answers.tsx"
import { Later } from "./Later.tsx"

export interface Series {
  readonly label: string
  /** A CSS variable, as `--running`. */
  readonly token: string
  /** One per time; null where nothing is known. */
  readonly values: ReadonlyArray<number | null>
}

export interface ChartProps {
  /** What it shows, in words: its caption for those who do not see it. */
  readonly label: string
  /** Milliseconds since 1970, ascending. */
  readonly times: ReadonlyArray<number>
  readonly series: ReadonlyArray<Series>
  /** `area`: one on top of the other; `line`; `bars`: one on top of the other. Default `line`. */
  readonly kind?: "area" | "line" | "bars"
  /** In pixels, without the line of names above it; default 180; at most 120 where there is little room. */
  readonly height?: number
  /** How a value is written; default as a count. */
  readonly format?: (value: number) => string
  /** Thin lines at moments that matter: deploys, changes of settings. */
  readonly marks?: ReadonlyArray<{ readonly at: number; readonly label: string }>
  /** A part of it was chosen, in milliseconds since 1970. */
  readonly onBrush?: (from: number, to: number) => void
}

const Plot = lazy(() => patiently(() => import("./Plot.tsx")))

/** With a table of the same figures, which who cannot see it finds. */
export const Chart = (props: ChartProps) => (
  <Later
    fallback={
      <div style={{ height: (props.height ?? 180) + 24 }} className="max-sm:max-h-36">
        <Skeleton className="h-full w-full" />
      </div>
    }
  >
    <Plot {...props} />
  </Later>
)
