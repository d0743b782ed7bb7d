/**
 * What a handler can say about its delivery besides succeeding and failing. Travels in the error channel.
 *
 * @since 0.1.0
 */
import { Data } from "effect"

/** The error of `Subscriber.skip`, `fatal`, `retryAfter`, `snooze` and `cool`, as types infer it; made by these only. @since 0.1.0 */
export type Directive = Data.TaggedEnum<{
  Skip: { readonly reason: string | undefined }
  Fatal: { readonly error: unknown }
  RetryAfter: { readonly delayMillis: number; readonly error: unknown }
  Snooze: { readonly delayMillis: number; readonly reason: string | undefined; readonly cools: boolean }
}>

const constructors = Data.taggedEnum<Directive>()

const known = new WeakSet<object>()

const mark = (directive: Directive): Directive => {
  known.add(directive)
  return directive
}

/** @internal */
export const Directive = {
  Skip: (reason: string | undefined) => mark(constructors.Skip({ reason })),
  Fatal: (error: unknown) => mark(constructors.Fatal({ error })),
  RetryAfter: (delayMillis: number, error: unknown) => mark(constructors.RetryAfter({ delayMillis, error })),
  Snooze: (delayMillis: number, reason: string | undefined, cools: boolean) =>
    mark(constructors.Snooze({ delayMillis, reason, cools }))
}

/** A user's own error may carry the same tag: only values made here count. @internal */
export const isDirective = (error: unknown): error is Directive =>
  typeof error === "object" && error !== null && known.has(error)
