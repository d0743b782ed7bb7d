/** The span of time that a screen is about; it is in the address, and the same on all screens. */
import { useParam } from "./params.ts"

export const ranges = {
  "15m": 900_000,
  "1h": 3_600_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000
} as const

export type Range = keyof typeof ranges

/** Each in words, after "in". */
export const rangeWords: Readonly<Record<Range, string>> = {
  "15m": "the last 15 minutes",
  "1h": "the last hour",
  "6h": "the last 6 hours",
  "24h": "the last 24 hours",
  "7d": "the last 7 days"
}

/** Each as short as it goes. */
export const rangeShort: Readonly<Record<Range, string>> = {
  "15m": "15 min",
  "1h": "1 h",
  "6h": "6 h",
  "24h": "24 h",
  "7d": "7 d"
}

export const rangeNames = Object.keys(ranges) as ReadonlyArray<Range>

/** Which range is chosen (default `1h`), and a way to choose. */
export const useRange = () => {
  const [given, set] = useParam("range")
  const range = rangeNames.find((name) => name === given) ?? "1h"
  return [range, (name: Range) => set(name === "1h" ? undefined : name)] as const
}

/** The span up to now in whole steps, so that the same question is asked for the same step: of a minute, for long ranges of five. */
export const spanOf = (range: Range, now: number) => {
  const step = ranges[range] > 21_600_000 ? 300_000 : 60_000
  const to = Math.floor(now / step) * step + step
  return { from: new Date(to - ranges[range]).toISOString(), to: new Date(to).toISOString() }
}
