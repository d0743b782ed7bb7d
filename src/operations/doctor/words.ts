/**
 * How numbers and names are written in findings.
 *
 * @internal
 */
/** A time in words, in the two largest units: `3 hours 20 minutes`. */
export const ageText = (millis: number): string => {
  const seconds = Math.round(millis / 1000)
  if (seconds < 1) return countText(Math.max(0, Math.round(millis)), "millisecond")
  const units: ReadonlyArray<readonly [string, number]> = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1]
  ]
  const first = units.findIndex(([, size]) => seconds >= size)
  let left = seconds
  return units
    .slice(first, first + 2)
    .flatMap(([name, size]) => {
      const count = Math.floor(left / size)
      left -= count * size
      return count === 0 ? [] : countText(count, name)
    })
    .join(" ")
}

/** With commas at the thousands, whatever the language of the process is. */
export const numberText = (value: number): string => Math.round(value).toLocaleString("en-US")

/** `1 worker`, `2 workers`. */
export const countText = (value: number, one: string, many = `${one}s`): string =>
  `${numberText(value)} ${value === 1 ? one : many}`

/** A word of a command line. */
export const shellWord = (text: string): string =>
  /^[\w.:/=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** A text in SQL. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A command line of this package. */
export const commandLine = (...words: ReadonlyArray<string>): string =>
  ["npx effect-integration", ...words.map(shellWord)].join(" ")
