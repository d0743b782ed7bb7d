/**
 * JSON as PostgreSQL's `jsonb` has it: its text, and when two values are the same. Numbers are kept with all their digits, which
 * `JSON.parse` does not do.
 *
 * @internal
 */

/** A number as it stands in a text. */
class Digits {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A value with its numbers as `Digits`. */
export type Exact = Digits | string | boolean | null | ReadonlyArray<Exact> | { readonly [key: string]: Exact }

/** No stored text holds this character. */
const mark = "\u0000"

/** Strings, which may look like numbers inside, and numbers. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** Reads JSON that is stored. */
export const readExact = (json: string): Exact =>
  JSON.parse(
    json.replace(tokens, (token) => (token.startsWith('"') ? token : JSON.stringify(mark + token))),
    (_, value) => (typeof value === "string" && value.startsWith(mark) ? new Digits(value.slice(1)) : value)
  )

/** Digits of a number, without zeros before them, and how many of them stand behind the point. */
const decimalOf = (text: string) => {
  const [, sign = "", whole = "0", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const behind = fraction.length - Number(exponent)
  const digits = whole + fraction + "0".repeat(Math.max(0, -behind))
  return { isNegative: sign === "-" && /[1-9]/.test(digits), digits, behind: Math.max(0, behind) }
}

/** A number in full, as `numeric` is written: with the zeros behind its point. */
const inFull = (text: string): string => {
  const { behind, digits, isNegative } = decimalOf(text)
  const padded = digits.padStart(behind + 1, "0")
  const whole = padded.slice(0, padded.length - behind).replace(/^0+(?=\d)/, "")
  const fraction = behind === 0 ? "" : `.${padded.slice(-behind)}`
  return `${isNegative ? "-" : ""}${whole}${fraction}`
}

/** The same for all numbers of a value. */
const byValue = (text: string): string => {
  const full = inFull(text)
  return full.includes(".") ? full.replace(/\.?0+$/, "") : full
}

const bytesOf = (text: string) => Buffer.byteLength(text)

/** Keys as `jsonb` orders them: the shorter first, then by their bytes. */
const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  bytesOf(a) - bytesOf(b) || Buffer.compare(Buffer.from(a), Buffer.from(b))

const write = (value: Exact, number: (text: string) => string): string => {
  if (value instanceof Digits) return number(value.text)
  if (Array.isArray(value)) return `[${value.map((each) => write(each, number)).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const entries = Object.entries(value as { readonly [key: string]: Exact }).toSorted(byKey)
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}: ${write(each, number)}`).join(", ")}}`
}

/** The text that PostgreSQL writes for stored JSON. */
export const jsonText = (json: string): string => write(readExact(json), inFull)

/** Equal for values that are the same to PostgreSQL. */
export const identityOf = (value: Exact): string => write(value, byValue)

/** The place of an element, as `#>` reads it: from the end when it is negative. */
const elementAt = (list: ReadonlyArray<Exact>, step: string): Exact | undefined =>
  /^\s*[+-]?\d+$/.test(step) && Math.abs(Number(step)) < 2 ** 31 ? list.at(Number(step)) : undefined

/** What stands at a path, as `#>` finds it; undefined when nothing does. */
export const valueAt = (value: Exact, path: ReadonlyArray<string>): Exact | undefined => {
  let current: Exact | undefined = value
  for (const step of path) {
    if (typeof current !== "object" || current === null || current instanceof Digits) return undefined
    current = Array.isArray(current)
      ? elementAt(current, step)
      : Object.hasOwn(current, step)
        ? (current as { readonly [key: string]: Exact })[step]
        : undefined
    if (current === undefined) return undefined
  }
  return current
}
