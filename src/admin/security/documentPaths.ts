/**
 * Paths into JSON documents, as people write them.
 *
 * @internal
 */

/** A step of a path that hides: a key, which as a number may also be a place in a list; any one key; or any number of them. */
export type PatternStep =
  | { readonly is: "key"; readonly key: string; readonly isPlace: boolean }
  | { readonly is: "any" }
  | { readonly is: "anyNumber" }

/** A path that hides what it leads to: `customer.email`, `*.iban`, `**.iban`, `["odd.key"]`. Never empty. */
export type Pattern = ReadonlyArray<PatternStep>

/** What `#>` of PostgreSQL takes for a place in a list, if a list is there. */
export const isPlace = (step: string) => /^[+-]?\d+$/.test(step)

/** A plain step, with a dot before it unless it is the first; a place in a list; or a key that is written as a JSON string. */
const written = /(?:^|(?!^)\.)([^\s.[\]"'`\\$=,{}()?@]+)|\[(-?\d+|\*)\]|\[("(?:[^"\\]|\\.)*")\]/y

interface Written {
  readonly text: string
  readonly isQuoted: boolean
}

const unquoted = (json: string): string | undefined => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Steps from the outside in; undefined for what is written in another way. */
const parse = (path: string): ReadonlyArray<Written> | undefined => {
  const steps: Array<Written> = []
  for (let at = 0; at < path.length; at = written.lastIndex) {
    written.lastIndex = at
    const found = written.exec(path)
    if (found === null) return undefined
    const [, plain, place, quoted] = found
    const text = quoted === undefined ? (plain ?? place) : unquoted(quoted)
    if (text === undefined) return undefined
    steps.push({ text, isQuoted: quoted !== undefined })
  }
  return steps.length === 0 ? undefined : steps
}

/** Steps of a path that is compared with, `items[0].sku`; undefined for what is written in another way, as keys in quotes are. */
export const stepsOf = (path: string): ReadonlyArray<string> | undefined => {
  const steps = parse(path)
  return steps?.some(({ isQuoted }) => isQuoted) ? undefined : steps?.map(({ text }) => text)
}

const patternStepOf = ({ isQuoted, text }: Written): PatternStep | undefined => {
  if (isQuoted) return { is: "key", key: text, isPlace: false }
  if (text === "*") return { is: "any" }
  if (text === "**") return { is: "anyNumber" }
  return text.includes("*") ? undefined : { is: "key", key: text, isPlace: isPlace(text) }
}

/** How paths that hide are written; for messages. */
export const patternSyntax =
  'a path as customer.email, *.iban, **.iban, items[0].sku or ["odd.key"]: a star stands for a whole key, never for a part of one'

/** A path that hides; undefined for what would hide nothing, or something else than who wrote it thought. */
export const patternOf = (path: string): Pattern | undefined => {
  const steps = parse(path)?.map(patternStepOf)
  return steps?.every((step) => step !== undefined) ? steps : undefined
}
