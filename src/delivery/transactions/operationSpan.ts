/**
 * Spans of the engine's own operations on the store, for who looks into the engine.
 *
 * @internal
 */
import { Effect } from "effect"
import { attribute, attributesOf, type operation } from "../../telemetry/conventions.ts"
import type { Engine } from "../engine.ts"

/** Runs an operation in a span that is the root of a trace, if that is asked for. Its statements stay silent. */
export const inOperationSpan = <A, E, R>(
  { telemetry }: Engine,
  what: (typeof operation)["claim" | "settle"],
  consumer: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  telemetry.traceOperations
    ? Effect.withSpan(Effect.withTracerEnabled(effect, false), what.name, {
        kind: "client",
        root: true,
        attributes: {
          ...attributesOf(what),
          [attribute.consumer]: consumer,
          [attribute.clientId]: telemetry.clientId
        }
      }).pipe(Effect.withTracerEnabled(telemetry.isEnabled))
    : effect
