/**
 * The span of a publish, whose context is stored with its events.
 *
 * @internal
 */
import { Context, Effect, Option, Tracer } from "effect"
import { attribute, attributesOf, operation } from "../telemetry/conventions.ts"
import { isDrawn, type TracingOptions, tracerOf, unsampledSpan } from "../telemetry/tracing.ts"

/** The name that all have, if they have one. */
const nameOf = (names: ReadonlyArray<string>) => (names.every((name) => name === names[0]) ? names[0] : undefined)

const attributesFor = (names: ReadonlyArray<string>, name: string | undefined) => ({
  ...attributesOf(operation.publish),
  ...(name === undefined ? {} : { [attribute.destination]: name }),
  ...(names.length === 1 ? {} : { [attribute.batchSize]: names.length })
})

/** Whether nothing is going on but, perhaps, a transaction: its span is made by the client, whoever opened it. */
const isBeginning = (around: Tracer.AnySpan | undefined) =>
  around === undefined || (around._tag === "Span" && around.name === "sql.transaction" && Option.isNone(around.parent))

/** Publishes in a span, if there is a tracer: one of what is going on already, or drawn by lot. */
export const inPublishSpan =
  (options: TracingOptions) =>
  <A, E, R>(names: () => ReadonlyArray<string>, publish: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.contextWith((context) => {
      if (tracerOf(context) === undefined) return publish
      const around = Option.getOrUndefined(
        Context.getOption(context as Context.Context<Tracer.ParentSpan>, Tracer.ParentSpan)
      )
      if (around?.sampled === false) return publish
      if (isBeginning(around) && !isDrawn(options)) return Effect.withParentSpan(publish, unsampledSpan())
      const all = names()
      const name = nameOf(all)
      return Effect.withSpan(
        publish,
        name === undefined ? operation.publish.name : `${operation.publish.name} ${name}`,
        {
          kind: "producer",
          attributes: attributesFor(all, name)
        }
      )
    })
