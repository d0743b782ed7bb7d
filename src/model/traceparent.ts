/**
 * The trace an event belongs to, as it is stored: W3C Trace Context's `traceparent`
 * (https://www.w3.org/TR/trace-context/, section 3.2).
 *
 * @internal
 */
import { Context, Option, Tracer } from "effect"

const form = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** What a `traceparent` says. */
export interface Parsed {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

/** What a `traceparent` says, or `undefined` if it is none: whoever gets such a one is to go on without. */
export const parse = (text: string): Parsed | undefined => {
  const [, traceId = "", spanId = "", flags = "", more] = form.exec(text) ?? []
  // Version 00 ends with the flags; what later ones add behind is not for us.
  if (traceId === "" || (more !== undefined && text.startsWith("00"))) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export const format = ({ isSampled, spanId, traceId }: Parsed): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`

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
