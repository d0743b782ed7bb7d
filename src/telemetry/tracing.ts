/**
 * Whether something is traced at all, and with which tracer.
 *
 * @internal
 */
import { Context, Effect, Option, References, Tracer } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { Parsed } from "../model/traceparent.ts"

/** What goes for all spans of an integration. */
export interface TracingOptions {
  /** Share of what begins without a trace that is traced, from 0 to 1. */
  readonly traceSampleRatio: number
}

/** How the run of a handler stands to the span that published its event. */
export type TraceRelation = "link" | "parent"

/**
 * The tracer whose spans reach somebody, if there is one and tracing is on. Spans of effect's own tracer go nowhere, and cost
 * microseconds all the same.
 */
export const tracerOf = (context: Context.Context<never>): Tracer.Tracer | undefined => {
  const tracer = Context.get(context, Tracer.Tracer)
  return tracer === Tracer.nativeTracer || !Context.get(context, References.TracerEnabled) ? undefined : tracer
}

const withoutTracer = <R>(context: Context.Context<R>): Context.Context<R> =>
  Context.get(context, References.TracerEnabled) ? Context.add(context, References.TracerEnabled, false) : context

/**
 * Spans of the engine's own statements would drown those of the application. Where they are off already nothing changes: for each change,
 * effect looks up all that a fiber caches.
 */
export const untraced = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.updateContext(effect, withoutTracer<R>)

/** The same effect, to be run elsewhere as it would be here: in the same span, or traced no more than here. */
export const tracedHere = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Effect.Effect<A, E, R>> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const span = Context.getOption(context as Context.Context<Tracer.ParentSpan>, Tracer.ParentSpan)
    const enabled = Effect.withTracerEnabled(effect, Context.get(context, References.TracerEnabled))
    return Effect.succeed(
      Option.isSome(span) ? (Effect.withParentSpan(enabled, span.value) as Effect.Effect<A, E, R>) : enabled
    )
  })

/** Whether what begins here without a trace is traced. */
export const isDrawn = ({ traceSampleRatio }: TracingOptions): boolean =>
  traceSampleRatio >= 1 || (traceSampleRatio > 0 && Math.random() < traceSampleRatio)

const hex = () => SecureRandom.uuidV4Unsafe().replaceAll("-", "")

/** A place in a trace that nobody records: what happens there knows that it is not to be traced either. */
export const unsampledSpan = (trace?: Parsed): Tracer.ExternalSpan =>
  Tracer.externalSpan({ traceId: trace?.traceId ?? hex(), spanId: trace?.spanId ?? hex().slice(16), sampled: false })

/**
 * The place of runs that follow each other in one context, none of which is recorded: it is where the one that runs now is. What is
 * asked of it is made up then, and a context with it is made once, as effect looks up all that a fiber caches for each new place.
 */
class UnrecordedPlace implements Tracer.ExternalSpan {
  readonly _tag = "ExternalSpan"
  readonly sampled = false
  readonly annotations = Context.empty()
  #trace: Parsed | undefined
  #made: Tracer.ExternalSpan | undefined

  /** Whether somebody knows its ids, and may ask again later: it stays what it was then. */
  get isKnown() {
    return this.#made !== undefined
  }

  /** @param trace - that it belongs to, if there is one */
  begin(trace: Parsed | undefined) {
    this.#trace = trace
  }

  get traceId() {
    return this.#span.traceId
  }

  get spanId() {
    return this.#span.spanId
  }

  get #span() {
    this.#made ??= unsampledSpan(this.#trace)
    return this.#made
  }
}

interface Unrecorded {
  readonly place: UnrecordedPlace
  readonly context: Context.Context<never>
}

const unrecorded = new WeakMap<Context.Context<never>, Unrecorded>()

/** A context for a run that is not recorded. Of one context, runs have to follow each other. */
export const unrecordedIn = (context: Context.Context<never>, trace: Parsed | undefined): Context.Context<never> => {
  let found = unrecorded.get(context)
  if (found === undefined || found.place.isKnown) {
    const place = new UnrecordedPlace()
    found = { place, context: Context.add(context, Tracer.ParentSpan, place) }
    unrecorded.set(context, found)
  }
  found.place.begin(trace)
  return found.context
}

/** The span that a stored trace names. */
export const spanOf = ({ isSampled: sampled, spanId, traceId }: Parsed): Tracer.ExternalSpan =>
  Tracer.externalSpan({ traceId, spanId, sampled })
