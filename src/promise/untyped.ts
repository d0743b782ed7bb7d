/**
 * Events without a definition, as an object or by position.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { UnsupportedCall } from "../errors/OperationErrors.ts"
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
  if (typeof given[0] !== "string" || given.length === 1) return given[0] as UntypedEvent
  const [eventName, sourceModule, aggregateType, aggregateId, payload, metadata] = given as Positional
  return { eventName, sourceModule, aggregateType, aggregateId, payload, ...(metadata && { metadata }) }
}

/** Fails for what comes behind an event: the reference system takes another client's transaction there. @internal */
export const nothingBehind = (given: ReadonlyArray<unknown>): Effect.Effect<void, UnsupportedCall> => {
  const more = given.slice(typeof given[0] === "string" ? 6 : 1).find((each) => each !== undefined)
  const reason =
    "What comes behind the event is not known here. What is published in another client's transaction would not be part of it: do both in transaction(({ publishEvent, sql }) => …)."
  return more === undefined ? Effect.void : Effect.fail(new UnsupportedCall({ call: "publishEvent", reason }))
}
