/**
 * The span of a publish, whose context is stored with its events.
 *
 * @internal
 */
import { Context, Effect, Option, Tracer } from "effect"
import { Surroundings } from "../model/Surroundings.ts"
import { parse } from "../model/traceparent.ts"
import { attribute, attributesOf, operation } from "../telemetry/conventions.ts"
import { isDrawn, spanOf, type TracingOptions, tracerOf, unsampledSpan } from "../telemetry/tracing.ts"
import { known } from "./knownNames.ts"

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

/** The trace that `Lineage.within` names. */
const traceWithin = (context: Context.Context<never>) => {
  const { traceparent } = Context.get(context, Surroundings) ?? {}
  return typeof traceparent === "string" ? parse(traceparent) : undefined
}

/** Publishes in a span, if there is a tracer: one of what is going on already, or of what `Lineage.within` names, or drawn by lot. */
export const inPublishSpan =
  (options: TracingOptions) =>
  <A, E, R>(names: () => ReadonlyArray<string>, publish: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.contextWith((context) => {
      if (tracerOf(context) === undefined) return publish
      const around = Option.getOrUndefined(
        Context.getOption(context as Context.Context<Tracer.ParentSpan>, Tracer.ParentSpan)
      )
      if (around?.sampled === false) return publish
      const isRoot = isBeginning(around)
      const from = isRoot ? traceWithin(context) : undefined
      const isTraced = from?.isSampled ?? (!isRoot || isDrawn(options))
      if (!isTraced) return Effect.withParentSpan(publish, unsampledSpan(from))
      const all = known(names)
      const name = nameOf(all)
      return Effect.withSpan(
        publish,
        name === undefined ? operation.publish.name : `${operation.publish.name} ${name}`,
        {
          kind: "producer",
          ...(from === undefined ? {} : { parent: spanOf(from) }),
          attributes: attributesFor(all, name)
        }
      )
    })
