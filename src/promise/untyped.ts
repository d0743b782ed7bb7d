/**
 * Events without a definition, as an object or by position.
 *
 * @since 0.1.0
 */
import type * as DomainEvent from "../model/DomainEvent.ts"
import type { UntypedEvent } from "../publishing/UntypedEvent.ts"
import type { Dated } from "../subscribing/dated.ts"

type Positional = [
  eventName: string,
  sourceModule: string,
  aggregateType: string,
  aggregateId: string,
  payload?: unknown,
  metadata?: DomainEvent.Metadata | undefined
]

/** Publishes an event without a definition: given as an object, or by position, as in the reference system. @since 0.1.0 */
export interface PublishEvent {
  (event: UntypedEvent): Promise<Dated<DomainEvent.Stored>>
  (...event: Positional): Promise<Dated<DomainEvent.Stored>>
}

/** Both forms. @internal */
export type Untyped = [event: UntypedEvent] | Positional

/** One form of both. @internal */
export const untypedOf = (given: Untyped): UntypedEvent => {
  // A text alone is refused where events are, as anything else that is none.
  if (given.length === 1) return given[0]
  const [eventName, sourceModule, aggregateType, aggregateId, payload, metadata] = given as Positional
  return { eventName, sourceModule, aggregateType, aggregateId, payload, ...(metadata && { metadata }) }
}
