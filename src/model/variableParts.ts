/**
 * Parts of a message that differ from one failure to the next although the failure is the same: ids, numbers, times, addresses, paths,
 * and what is in quotes.
 *
 * Each matcher says where the part that begins at a place ends; -1: there is none. None looks at more than a bounded piece of the text,
 * but for those that take what they have looked at: a message of a megabyte, however it was made, is read in its own time.
 *
 * @internal
 */

/** What a part is, as its placeholder names it. */
export type PartKind = "date" | "uuid" | "email" | "path" | "text" | "hex" | "id" | "number"

const isDigit = (code: number) => code >= 48 && code <= 57

const isLetter = (code: number) => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)

const isHexLetter = (code: number) => (code >= 65 && code <= 70) || (code >= 97 && code <= 102)

const isAlphanumeric = (code: number) => isDigit(code) || isLetter(code)

/** Part of a word: letters of all alphabets. NaN, as there is behind the end of a text, is none. */
export const isWordPart = (code: number): boolean => isAlphanumeric(code) || code === 95 || code > 127

const isSpace = (code: number) => code === 32 || (code >= 9 && code <= 13)

/** The end of the run of characters that fit. */
const runEnd = (text: string, start: number, fits: (code: number) => boolean): number => {
  let end = start
  while (end < text.length && fits(text.charCodeAt(end))) end++
  return end
}

const endOf = (pattern: RegExp, text: string, start: number): number => {
  pattern.lastIndex = start
  return pattern.test(text) ? pattern.lastIndex : -1
}

const isoDate =
  /\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?Z| ?[+-]\d{2}(?::?\d{2})?)?)?(?!\w)/y

/** As `String` makes one of a `Date`, and `toUTCString`. */
const wordyDate =
  /(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:, \d{2} [A-Z][a-z]{2} \d{4}| [A-Z][a-z]{2} \d{2} \d{4}) \d{2}:\d{2}:\d{2} GMT(?:[+-]\d{4})?(?: \([\w +:-]{1,50}\))?/y

const uuidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?!\w)/iy

const dateEnd = (text: string, start: number) =>
  endOf(isDigit(text.charCodeAt(start)) ? isoDate : wordyDate, text, start)

/** Digits, with what is between digits in amounts, versions, times and addresses of hosts. */
const numberEnd = (text: string, start: number): number => {
  let end = runEnd(text, start, isDigit)
  for (;;) {
    const code = text.charCodeAt(end)
    const isJoint = code === 46 || code === 44 || code === 58
    if (!isJoint || !isDigit(text.charCodeAt(end + 1))) break
    end = runEnd(text, end + 1, isDigit)
  }
  const isPower = (text.charCodeAt(end) | 32) === 101 && /^[+-]?\d/.test(text.slice(end + 1, end + 3))
  return isPower ? runEnd(text, end + 2, isDigit) : end
}

/** Digits of a hexadecimal number without a prefix, at least; it has digits and letters. */
const minHex = 8

/** Characters of an id made of letters and digits, and runs of digits in it, at least. */
const minId = { length: 10, runs: 2 }

/** A word with digits that is left out as a whole; undefined when only its numbers are. */
const wholeWord = (text: string, start: number, end: number): readonly [PartKind, number] | undefined => {
  let runs = 0
  let letters = 0
  let isHex = true
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (isDigit(code)) {
      if (at === start || !isDigit(text.charCodeAt(at - 1))) runs++
    } else {
      letters++
      if (!isHexLetter(code)) isHex = false
    }
  }
  if (runs === 0 || letters === 0) return undefined
  if (isHex && end - start >= minHex) return ["hex", end]
  return runs >= minId.runs && end - start >= minId.length ? ["id", end] : undefined
}

/** A word of letters and digits, from its beginning: what it is if it is no word. */
const idAt = (text: string, start: number): readonly [PartKind, number] | undefined => {
  const end = runEnd(text, start, isAlphanumeric)
  if (text.charCodeAt(start) === 48 && (text.charCodeAt(start + 1) | 32) === 120) {
    const hexEnd = runEnd(text, start + 2, (code) => isDigit(code) || isHexLetter(code))
    if (hexEnd === end && hexEnd > start + 2) return ["hex", end]
  }
  return wholeWord(text, start, end)
}

const isMailbox = (code: number) =>
  isAlphanumeric(code) || code === 46 || code === 95 || code === 37 || code === 43 || code === 45

const isDomain = (code: number) => isAlphanumeric(code) || code === 46 || code === 45

/** Longest mailbox and domain there are. */
const longest = { mailbox: 64, domain: 255 }

const emailEnd = (text: string, start: number): number => {
  const at = runEnd(text.slice(start, start + longest.mailbox + 1), 0, isMailbox)
  if (at === 0 || text.charCodeAt(start + at) !== 64) return -1
  const domain = text.slice(start + at + 1, start + at + 1 + longest.domain)
  const length = runEnd(domain, 0, isDomain)
  const name = domain.slice(0, length).replace(/[.-]{1,255}$/, "")
  return /[a-z0-9]\.[a-z0-9]/i.test(name) ? start + at + 1 + name.length : -1
}

const isPathPart = (code: number) =>
  isWordPart(code) ||
  code === 47 ||
  code === 92 ||
  code === 45 ||
  code === 46 ||
  code === 126 ||
  code === 64 ||
  code === 37 ||
  code === 43 ||
  code === 61

/** What ends a sentence rather than a path. */
const isPunctuation = (code: number) =>
  code === 46 || code === 44 || code === 58 || code === 59 || code === 33 || code === 63

const withoutPunctuation = (text: string, start: number, end: number): number => {
  let last = end
  while (last > start && isPunctuation(text.charCodeAt(last - 1))) last--
  return last
}

/** Of an absolute path, one from here or from home, or one of Windows: what follows its beginning. */
const pathStart = /(?:~|\.{1,2})?\/(?=[\w.@%~-])|[a-z]:[\\/](?=[\w.@%~-])|\\\\(?=\w)/iy

const pathEnd = (text: string, start: number): number => {
  const begun = endOf(pathStart, text, start)
  if (begun === -1) return -1
  const end = withoutPunctuation(text, begun, runEnd(text, begun, isPathPart))
  return end === begun ? -1 : end
}

const urlStart = /[a-z][a-z0-9+.-]{1,30}:\/\//iy

const isUrlPart = (code: number) =>
  !isSpace(code) &&
  code !== 34 &&
  code !== 39 &&
  code !== 96 &&
  code !== 60 &&
  code !== 62 &&
  code !== 41 &&
  code !== 93 &&
  code !== 125

/** A URL: its host stays, as it says who failed, but nobody's password. */
export interface Url {
  /** Where what names the host begins, behind the scheme and who asks. */
  readonly schemeEnd: number
  readonly host: number
  readonly path: number
  readonly end: number
}

export const urlAt = (text: string, start: number): Url | undefined => {
  const schemeEnd = endOf(urlStart, text, start)
  if (schemeEnd === -1) return undefined
  const path = runEnd(text, schemeEnd, (code) => isUrlPart(code) && code !== 47 && code !== 63 && code !== 35)
  const end = withoutPunctuation(text, path, runEnd(text, path, isUrlPart))
  return { schemeEnd, host: schemeEnd + text.slice(schemeEnd, path).lastIndexOf("@") + 1, path, end }
}

const closing = new Map([
  ['"', '"'],
  ["`", "`"],
  ["\u2018", "\u2019"],
  ["\u201c", "\u201d"],
  ["\u201e", "\u201c"],
  ["\u00ab", "\u00bb"]
])

/** How far the end of a quotation is looked for: what looks like its beginning may be none, an apostrophe above all. */
const maxQuoted = { apostrophe: 500, other: 10_000 }

/** What stands in quotes, with them. */
const quotedEnd = (text: string, start: number): number => {
  const quote = text.charAt(start)
  if (quote === "'") {
    const until = Math.min(text.length, start + maxQuoted.apostrophe)
    for (let at = start + 1; at < until && text.charCodeAt(at) !== 10; at++) {
      if (text.charCodeAt(at) === 39 && !isWordPart(text.charCodeAt(at + 1))) return at + 1
    }
    return -1
  }
  const close = closing.get(quote)
  if (close === undefined) return -1
  const end = text.slice(start + 1, start + 1 + maxQuoted.other).indexOf(close)
  return end === -1 ? -1 : start + 1 + end + 1
}

/** What begins at a place; undefined: nothing that differs. */
export const partAt = (text: string, at: number): readonly [PartKind, number] | undefined => {
  const code = text.charCodeAt(at)
  const isStart = at === 0 || !isWordPart(text.charCodeAt(at - 1))
  const found = (kind: PartKind, end: number) => (end === -1 ? undefined : ([kind, end] as const))
  if (isAlphanumeric(code) && isStart) {
    const part =
      found("date", dateEnd(text, at)) ??
      found("uuid", endOf(uuidPattern, text, at)) ??
      found("email", emailEnd(text, at)) ??
      (text.charCodeAt(at + 1) === 58 ? found("path", pathEnd(text, at)) : undefined) ??
      idAt(text, at)
    if (part !== undefined) return part
  }
  if (isDigit(code)) return found("number", numberEnd(text, at))
  if (!isStart) return undefined
  const isSigned = (code === 45 || code === 43) && isDigit(text.charCodeAt(at + 1))
  if (isSigned) return found("number", numberEnd(text, at + 1))
  if (code === 47 || code === 46 || code === 126 || code === 92) return found("path", pathEnd(text, at))
  return found("text", quotedEnd(text, at))
}
