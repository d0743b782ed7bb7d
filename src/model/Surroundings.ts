/**
 * Where events are published: a request, a job, a script.
 *
 * @since 0.1.0
 */
import { Context } from "effect"
import type { Metadata } from "./DomainEvent.ts"

/** What all events take over that are published in some surroundings. @since 0.1.0 */
export interface Within {
  /** At most 255 characters. */
  readonly correlationId?: string | undefined
  /** W3C Trace Context's `traceparent`, of a request's header, say; one that is malformed is ignored. Spans come before it. */
  readonly traceparent?: string | undefined
  /** JSON facts that stand beside those an event is published with, which come before them. */
  readonly metadata?: Metadata | undefined
}

/** What was said with `Lineage.within`, if anything. Handlers begin without. @internal */
export const Surroundings = Context.Reference<Within | undefined>("effect-integration/Surroundings", {
  defaultValue: () => undefined
})
