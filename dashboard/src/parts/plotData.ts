/** What a chart draws and says, out of what it is given. */
import { timeText } from "../words/clock.ts"
import type { ChartProps, Series } from "./Chart.tsx"

type Values = ReadonlyArray<number | null>

/** Each on top of those before it; null only where all are. */
const stacked = (series: ReadonlyArray<Series>): ReadonlyArray<Values> => {
  let below: Values = []
  return series.map(({ values }) => {
    const isKnown = (index: number) => series.some((each) => each.values[index] != null)
    below = values.map((value, index) => (isKnown(index) ? (value ?? 0) + (below[index] ?? 0) : null))
    return below
  })
}

/** What is drawn, the first series lowest. */
export const heightsOf = ({ kind = "line", series }: ChartProps): ReadonlyArray<Values> =>
  kind === "line" ? series.map(({ values }) => values) : stacked(series)

/** From one time to the next; a minute where there is only one. */
export const stepOf = (times: ReadonlyArray<number>): number =>
  times.length < 2 ? 60_000 : (times.at(-1)! - times[0]!) / (times.length - 1)

/** Whether there are whole numbers only: then the axis has no halves. */
export const isWhole = (series: ReadonlyArray<Series>): boolean =>
  series.every(({ values }) => values.every((value) => value === null || Number.isInteger(value)))

const day = 86_400_000

const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (name: string, options: Intl.DateTimeFormatOptions) => {
  const known = formats.get(name)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat("en-GB", options)
  formats.set(name, format)
  return format
}

/** Times along an axis: the time of day, and the day where it begins. */
export const axisTexts = (at: ReadonlyArray<number>, step: number, utc: boolean): Array<string> => {
  const zone = utc ? { timeZone: "UTC" } : {}
  const dates = formatOf(`day ${utc}`, { day: "numeric", month: "short", ...zone })
  const seconds = step < 60_000 ? { second: "2-digit" as const } : {}
  const clock = formatOf(`clock ${utc} ${step < 60_000}`, { hour: "2-digit", minute: "2-digit", ...seconds, ...zone })
  return at.map((time) => {
    const text = clock.format(time)
    return step >= day || text.startsWith("00:00") ? dates.format(time) : text
  })
}

const last = (values: Values) => values.findLast((value) => value !== null)

/** The chart in a sentence. */
export const summaryOf = ({ label, series, times }: ChartProps, format: (value: number) => string, utc: boolean) => {
  const [from, to] = [times[0], times.at(-1)]
  if (from === undefined || to === undefined) return `${label}: nothing is known yet.`
  const parts = series.map(({ label: name, values }) => {
    const known = values.filter((value) => value !== null)
    if (known.length === 0) return `${name}: nothing known`
    const most = known.reduce((a, b) => Math.max(a, b))
    return `${name}: last ${format(last(values)!)}, most ${format(most)}`
  })
  return `${label}, from ${timeText(from, utc)} to ${timeText(to, utc)}. ${parts.join("; ")}.`
}

/** Rows of the hidden table: so many at most, evenly spread, the last one among them. */
export const rowsOf = (times: ReadonlyArray<number>, most = 48): ReadonlyArray<number> => {
  const step = Math.max(1, Math.ceil(times.length / most))
  return times.flatMap((_, index) => ((times.length - 1 - index) % step === 0 ? [index] : []))
}
