/**
 * Tables: aligned, and cut to the width of a terminal. What is piped is never cut.
 *
 * @internal
 */
import { displayWidth } from "effect/cli/CliOutput"
import { clean } from "./clean.ts"
import { type Style, type Surface, styled } from "./style.ts"

/** A column. */
export interface Column {
  readonly title: string
  readonly isRight?: boolean
  /** Whether it is cut where the table is too wide. */
  readonly isFlexible?: boolean
  /** Whether it is left out where cutting others is not enough. */
  readonly isOptional?: boolean
}

/** What stands in a place of a table: text of anybody, and how it looks. */
export type Cell = string | readonly [text: string, style: Style]

const gap = "  "
/** Columns that are left of what is cut. */
const narrowest = 10

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** Text of at most so many columns, which says when something was cut. */
export const cut = (text: string, columns: number): string => {
  if (displayWidth(text) <= columns) return text
  let taken = ""
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    const next = displayWidth(segment)
    if (width + next > columns - 1) break
    taken += segment
    width += next
  }
  return columns < 1 ? "" : `${taken}…`
}

const padded = (text: string, columns: number, isRight: boolean) => {
  const blank = " ".repeat(Math.max(0, columns - displayWidth(text)))
  return isRight ? blank + text : text + blank
}

const widthOf = (widths: ReadonlyArray<number>) =>
  widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1))

/** Widths that fit: flexible columns are cut, the widest first. */
const fitted = (wanted: ReadonlyArray<number>, columns: ReadonlyArray<Column>, room: number) => {
  const widths = [...wanted]
  while (widthOf(widths) > room) {
    const flexible = widths.flatMap((width, index) =>
      columns[index]?.isFlexible === true && width > narrowest ? [[width, index] as const] : []
    )
    const [widest] = flexible.toSorted(([a], [b]) => b - a)
    if (widest === undefined) break
    widths[widest[1]] = widest[0] - 1
  }
  return widths
}

/** Places of the columns that are shown: the last optional ones are left out until the rest can be made to fit. */
const shownOf = (wanted: ReadonlyArray<number>, columns: ReadonlyArray<Column>, room: number) => {
  const least = wanted.map((width, index) => (columns[index]?.isFlexible === true ? Math.min(width, narrowest) : width))
  const shown = columns.map((_, index) => index)
  while (widthOf(shown.map((index) => least[index] ?? 0)) > room) {
    const last = shown.findLastIndex((index) => columns[index]?.isOptional === true)
    if (last === -1) break
    shown.splice(last, 1)
  }
  return shown
}

const textOf = (cell: Cell | undefined) => clean(typeof cell === "object" ? cell[0] : (cell ?? ""))

const styleOf = (cell: Cell | undefined): Style => (typeof cell === "object" ? cell[1] : "plain")

/** The lines of a table; titles come first. */
export const table = (
  surface: Surface,
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>
): string => {
  const room = surface.isTerminal ? surface.columns : Number.POSITIVE_INFINITY
  const titles = columns.map(({ title }): Cell => [title, "dim"])
  const wanted = columns.map((_, index) =>
    Math.max(...[titles, ...rows].map((row) => displayWidth(textOf(row[index]))))
  )
  const shown = shownOf(wanted, columns, room)
  const kept = shown.map((index) => columns[index] ?? { title: "" })
  const widths = fitted(
    shown.map((index) => wanted[index] ?? 0),
    kept,
    room
  )
  const line = (row: ReadonlyArray<Cell>) =>
    shown
      .map((index, place) => {
        const width = widths[place] ?? 0
        const text = padded(cut(textOf(row[index]), width), width, kept[place]?.isRight === true)
        // Nothing is written behind the last column.
        return styled(surface, styleOf(row[index]), place === shown.length - 1 ? text.trimEnd() : text)
      })
      .join(gap)
      .trimEnd()
  return [titles, ...rows].map(line).join("\n")
}

/** Names and values, one a line; those without a value are left out. */
export const fields = (
  surface: Surface,
  entries: ReadonlyArray<readonly [name: string, value: Cell | undefined]>
): string => {
  const given = entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  const width = Math.max(...given.map(([name]) => displayWidth(name)))
  return given
    .map(([name, value]) => {
      const text = styled(surface, styleOf(value), textOf(value))
      return `${styled(surface, "dim", padded(name, width, false))}${gap}${text}`
    })
    .join("\n")
}

/** A heading of what follows. */
export const heading = (surface: Surface, title: string): string => styled(surface, "bold", title)
