/**
 * How states look: a colour, a shape and a word each, so that none of them alone has to be seen. The same seven as everywhere.
 *
 * @internal
 */

/** How what is shown stands. */
export type State = "waiting" | "running" | "done" | "retrying" | "gaveUp" | "parked" | "paused" | "skipped"

/** How text may look. */
export type Style = State | "bold" | "dim" | "plain"

/** What a text is shown on. */
export interface Surface {
  /** Somebody looks at it: shapes, cut to the width, ages instead of times. */
  readonly isTerminal: boolean
  /** Columns; of no terminal: as many as are needed. */
  readonly columns: number
  /** Lines. */
  readonly rows: number
  readonly hasColors: boolean
}

const shapes: Readonly<Record<State, string>> = {
  waiting: "○",
  running: "◐",
  done: "●",
  retrying: "▲",
  gaveUp: "■",
  parked: "‖",
  paused: "‖",
  skipped: "○"
}

/** Codes of SGR; success is quiet, so that failure shows. */
const codes: Readonly<Record<Style, string | undefined>> = {
  waiting: "34",
  running: "36",
  done: undefined,
  retrying: "33",
  gaveUp: "31",
  parked: "35",
  paused: "90",
  skipped: "90",
  bold: "1",
  dim: "2",
  plain: undefined
}

/** Text in a style, where there are colours. */
export const styled = ({ hasColors }: Pick<Surface, "hasColors">, style: Style, text: string): string => {
  const code = codes[style]
  return hasColors && code !== undefined && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text
}

/** The shape of a state and a word for it; of no terminal: the word. */
export const marked = (surface: Surface, state: State, word: string): string =>
  styled(surface, state, surface.isTerminal ? `${shapes[state]} ${word}` : word)

/** A line of a list: with its shape on a terminal, and a dash elsewhere. */
export const bullet = (surface: Surface, state: State, text: string): string =>
  `${styled(surface, state, surface.isTerminal ? shapes[state] : "-")} ${text}`
