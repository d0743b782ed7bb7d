/** A part of the chosen span of time, in the address; it is forgotten when another span is chosen. */
import { useCallback } from "react"
import { useParam } from "../../parts/params.ts"
import type { Range } from "../../parts/range.ts"
import { minute } from "./steps.ts"

export interface Zoom {
  readonly from: number
  readonly to: number
}

const zoomOf = (text: string | undefined, range: Range): Zoom | undefined => {
  const [of, from = Number.NaN, to = Number.NaN] = (text ?? "")
    .split("_")
    .map((part, index) => (index === 0 ? part : Number(part)))
  if (of !== range || typeof from === "string" || typeof to === "string") return undefined
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : undefined
}

export const useZoom = (range: Range) => {
  const [given, set] = useParam("zoom")
  const zoomTo = useCallback(
    (from: number, to: number) => {
      const first = Math.floor(from / minute) * minute
      const last = Math.max(first + 5 * minute, Math.ceil(to / minute) * minute)
      set(`${range}_${first}_${last}`)
    },
    [range, set]
  )
  return { zoom: zoomOf(given, range), zoomTo, unzoom: () => set(undefined) }
}
