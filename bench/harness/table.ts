/** Results as one Markdown table. */
import { type Bench, type Measured, median, type Side, type Usage } from "./model.ts"

export interface Result {
  readonly bench: Bench
  readonly size: number
  readonly sides: ReadonlyArray<{
    readonly side: Side
    readonly told: ReadonlyArray<{ readonly measured: Measured; readonly peakMegabytes: number }>
  }>
}

const number = (value: number) =>
  value >= 100
    ? Math.round(value).toLocaleString("en")
    : value.toLocaleString("en", { maximumSignificantDigits: 3, useGrouping: false })

const ratio = (value: number, reference: number | undefined) =>
  reference === undefined || reference === 0 ? "" : (value / reference).toFixed(2)

const header = [
  "work",
  "by",
  "median (range)",
  "÷ floor",
  "÷ best peer",
  "client CPU s / 10,000",
  "server CPU s / 10,000",
  "log B / event",
  "kept B / event",
  "peak MB"
]

export const table = (results: ReadonlyArray<Result>): string => {
  const rows = results.flatMap(rowsOf)
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
}

const rowsOf = ({ bench, sides, size }: Result) => {
  const names = Object.keys(sides[0]?.told[0]?.measured.figures ?? {})
  return names.flatMap((figure) => {
    const valuesOf = (told: Result["sides"][number]["told"]) =>
      told.map(({ measured }) => measured.figures[figure] ?? 0)
    const medians = new Map(sides.map(({ side, told }) => [side, median(valuesOf(told))]))
    const of = (role: Side["role"]) =>
      sides.filter(({ side }) => side.role === role).map(({ side }) => medians.get(side) ?? 0)
    const best = (values: ReadonlyArray<number>) =>
      values.length === 0 ? undefined : bench.lessIsBetter === true ? Math.min(...values) : Math.max(...values)
    const reference = sides.find(({ side }) => side.name === bench.relativeTo)?.side
    const floor = reference === undefined ? best(of("floor")) : medians.get(reference)
    return sides.map(({ side, told }) => {
      const values = valuesOf(told)
      const value = medians.get(side) ?? 0
      const perEvent = (which: keyof Usage, events = 1) => {
        const used = told.flatMap(({ measured }) => {
          const all = measured.usage?.[which]
          return all === undefined || measured.events === undefined ? [] : [(all / measured.events) * events]
        })
        return used.length === 0 ? "" : number(median(used))
      }
      return [
        `${bench.title} (${number(Math.min(size, side.size ?? size))})`,
        side.name,
        `${number(value)} (${number(Math.min(...values))}–${number(Math.max(...values))}) ${figure}`,
        ratio(value, floor),
        side.role === "peer" ? "" : ratio(value, best(of("peer"))),
        perEvent("client", 10_000),
        perEvent("server", 10_000),
        perEvent("log"),
        perEvent("kept"),
        number(median(told.map(({ peakMegabytes }) => peakMegabytes)))
      ]
    })
  })
}
