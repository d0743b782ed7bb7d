/**
 * Messages of other services, which become events here.
 *
 * @since 0.1.0
 */
import type { DateTime } from "effect"
import type { UntypedEvent } from "./UntypedEvent.ts"

/** A message of another service, to be stored as an event. @since 0.1.0 */
export interface ForeignEvent
  extends Pick<
    UntypedEvent,
    "eventName" | "sourceModule" | "aggregateType" | "aggregateId" | "schemaVersion" | "delay" | "availableAt"
  > {
  /** Any value that JSON has a form for; checked against a definition when it is handled. */
  readonly payload: unknown
  /** Where it came from: a queue, a bridge, an endpoint; 1 to 255 characters. */
  readonly source: string
  /** Its id there, 1 to 255 characters: a message of a source is stored once, however often it arrives. */
  readonly messageId: string
  /** The service that published it, 1 to 255 characters; default `source`. */
  readonly origin?: string
  /** The id that its event had there, a UUID: it stays, so that what follows from it can be told. Default a new one. */
  readonly id?: string
  /** When it happened there; kept in the metadata. */
  readonly occurredAt?: DateTime.DateTime.Input
  /** The sender's metadata. A key `origin` is replaced by ours: where it came from, when, and as which message. */
  readonly metadata?: UntypedEvent["metadata"] & {}
  /** The sender's, at most 255 characters; default `id`, if that is given. */
  readonly correlationId?: string
  /** Id of the event it followed from, wherever that is; at most 255 characters. */
  readonly causationId?: string
  /** The sender's W3C Trace Context; one that is malformed is ignored. */
  readonly traceparent?: string
}

/** What became of a message. @since 0.1.0 */
export interface Imported {
  /** Id of its event; of a message that was received before, of the event it was then, which may have been removed. */
  readonly eventId: string
  /** It was received before, or its event is here already: nothing was stored. */
  readonly isDuplicate: boolean
  /** Consumers that were given a delivery. */
  readonly consumers: ReadonlyArray<string>
}
