/**
 * How large JSON is when PostgreSQL writes it back: `jsonb` keeps values, not their text. A comma and a colon are followed
 * by a space, and a number is written in full: `1e308` with 309 digits.
 *
 * @internal
 */

/**
 * Bytes of payload and metadata that can be read together: a client takes messages of 16 MiB, and there is room left in
 * them for the other columns of a row.
 *
 * @since 0.1.0
 */
export const largestContent = 16_777_216 - 65_536

/** JSON of so many characters is small enough, whatever numbers it holds: PostgreSQL has none of more than 150,000 digits. */
const smallLength = 800

/** The most that a character of JSON takes, but for numbers with an exponent: three bytes, and a space for every other. */
const bytesPerCharacter = 3.5

/** Whether a text may hold a number with an exponent; a string can look like one. */
const mayHoldExponent = (json: string) => /\d[eE][+-]?\d/.test(json)

const isDigit = (code: number) => code >= 48 && code <= 57

/** Number at `start` of a text, and where it ends. */
const numberAt = (json: string, start: number) => {
  let end = start
  while (isDigit(json.charCodeAt(end))) end++
  return { value: Number(json.slice(start, end)), end }
}

/** Digits that an exponent at `start`, behind its `e`, adds to its number, and where it ends. */
const exponentAt = (json: string, start: number) => {
  const sign = json.charCodeAt(start)
  const { end, value } = numberAt(json, sign === 43 || sign === 45 ? start + 1 : start)
  return { digits: value + 2, end }
}

/** What is added between the characters of a text when it is written back; `null` and strings have an `e` too. */
const addedBytes = (json: string): number => {
  let added = 0
  let inString = false
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (inString) {
      if (code === 92) i++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 44 || code === 58) added++
    else if ((code === 101 || code === 69) && isDigit(json.charCodeAt(i - 1))) {
      const { digits, end } = exponentAt(json, i + 1)
      added += digits
      i = end - 1
    }
  }
  return added
}

/** Bytes that JSON takes at most when it is written back. */
export const writtenBytes = (json: string): number => Buffer.byteLength(json) + addedBytes(json)

/** Whether documents are small enough together, as far as a short look tells. */
const areSmall = (documents: ReadonlyArray<string>) => {
  const length = documents.reduce((sum, json) => sum + json.length, 0)
  return length <= smallLength || (length * bytesPerCharacter <= largestContent && !documents.some(mayHoldExponent))
}

/**
 * Bytes of these documents when they are written back, if that is more than can be read together; else `undefined`.
 *
 * @param documents - JSON texts; most are told to be small at a glance
 *
 * @since 0.1.0
 */
export const oversizeOf = (...documents: ReadonlyArray<string>): number | undefined => {
  if (areSmall(documents)) return undefined
  const bytes = documents.reduce((sum, json) => sum + writtenBytes(json), 0)
  return bytes > largestContent ? bytes : undefined
}
