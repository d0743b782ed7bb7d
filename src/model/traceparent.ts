/**
 * The trace an event belongs to, as it is stored: W3C Trace Context's `traceparent`
 * (https://www.w3.org/TR/trace-context/, section 3.2).
 *
 * @internal
 */
import { Context, Option, Tracer } from "effect"

/** Characters of a `traceparent` of version 00: later ones may have more behind. */
const length = 55

const dash = 45

/** Whether the characters from `start` to `end` are lower-case hexadecimal digits, of which, if that is asked for, one is not 0. */
const isHex = (text: string, start: number, end: number, isZeroFine: boolean): boolean => {
  let isZero = true
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code !== 48) isZero = false
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return false
  }
  return isZeroFine || !isZero
}

/** Whether a text has the form; without a regular expression, as every event that is handled has one, which took two microseconds. */
const hasForm = (text: string): boolean =>
  // Types do not reach everybody who gives one.
  typeof text === "string" &&
  text.charCodeAt(2) === dash &&
  text.charCodeAt(35) === dash &&
  text.charCodeAt(52) === dash &&
  isHex(text, 0, 2, true) &&
  !text.startsWith("ff") &&
  isHex(text, 3, 35, false) &&
  isHex(text, 36, 52, false) &&
  isHex(text, 53, length, true) &&
  // Version 00 ends with the flags; what later ones add behind is not for us.
  (text.length === length || (text.charCodeAt(length) === dash && !text.startsWith("00")))

/** What a `traceparent` says. */
export interface Parsed {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

/** What a `traceparent` says, or `undefined` if it is none: whoever gets such a one is to go on without. */
export const parse = (text: string): Parsed | undefined =>
  hasForm(text)
    ? {
        traceId: text.slice(3, 35),
        spanId: text.slice(36, 52),
        isSampled: (Number.parseInt(text.slice(53, length), 16) & 1) === 1
      }
    : undefined

export const format = ({ isSampled, spanId, traceId }: Parsed): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`

/** Whether something was given that is no `traceparent`. */
export const isMalformed = (text: string | undefined): boolean => text !== undefined && !hasForm(text)

/** The same in the form we write, or `undefined` if it is none. */
export const normalize = (text: string | undefined): string | undefined => {
  const parsed = text === undefined ? undefined : parse(text)
  return parsed === undefined ? undefined : format(parsed)
}

/** Spans of effect's own tracer, and those made where tracing is off, reach nobody. */
const isUnknownOutside = (span: Tracer.AnySpan) =>
  span instanceof Tracer.NativeSpan || Context.get(span.annotations, Tracer.DisablePropagation)

/**
 * The `traceparent` of what happens in a span: the span's, or that of the next one around it which is known outside of this process, a
 * request's, say.
 */
export const ofSpan = (span: Tracer.AnySpan | undefined): string | undefined => {
  let known = span
  while (known !== undefined && isUnknownOutside(known)) {
    known = known._tag === "Span" ? Option.getOrUndefined(known.parent) : undefined
  }
  if (known === undefined) return undefined
  const { sampled: isSampled, spanId, traceId } = known
  // Other tracers' ids may have any form.
  return normalize(format({ isSampled, spanId, traceId }))
}
