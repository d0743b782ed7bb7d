/**
 * What the handler of a consumer gets of an event that is stored: found out as its delivery would, which is not touched.
 *
 * @internal
 */
import { Cause, Effect, Exit } from "effect"
import { readPayload } from "../delivery/handlers/runHandler.ts"
import type { Registry } from "../delivery/Registry.ts"
import { describe, principal } from "../errors/errorText.ts"
import { nearest } from "../errors/nearest.ts"
import { EventNotDelivered } from "../errors/OperationErrors.ts"
import type { Issue } from "../errors/PayloadErrors.ts"
import { largestContent } from "../model/contentSize.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import { encoderOf } from "../model/payloadCodec.ts"
import { writtenAlike } from "../model/writtenAlike.ts"
import type { EventDetails } from "../stores/EventDetails.ts"

/** What the handler of a consumer gets of an event. @since 0.1.0 */
export interface ReceivedPayload {
  readonly eventId: string
  readonly eventName: string
  readonly consumer: string
  /**
   * `published`: as it was published. `edited`: as somebody edited it for this consumer. `upcast`: that, brought to the version that its
   * handler reads. `unreadable`: nothing, as it cannot be read. `elsewhere`: this process has no handler that would take it; another may.
   */
  readonly state: "published" | "edited" | "upcast" | "unreadable" | "elsewhere"
  /** The consumer has a payload of its own, which somebody edited. */
  readonly isEdited: boolean
  /** Version it was stored in. */
  readonly schemaVersion: number
  /** Version that its handler gets; null for `elsewhere`. */
  readonly receivedVersion: number | null
  /**
   * JSON text. Of `upcast` what the handler gets, in its stored form; else what is stored for the consumer. Null when it is too large, or
   * cannot be written.
   */
  readonly payloadText: string | null
  /** As it was published; null when it is too large. */
  readonly originalPayloadText: string | null
  /** Why it cannot be read, in the words that its delivery fails with; why nobody gets it here, or it cannot be told. */
  readonly reason: string | null
  /** Of `unreadable`: what does not fit, and where. */
  readonly issues: ReadonlyArray<Issue>
}

type Told = Pick<ReceivedPayload, "payloadText" | "reason">

/**
 * Version of the payload that a consumer's handler gets in this process: that of its definition, if it has earlier ones brought there.
 * Undefined when it has none that takes the event: a later version is left to who knows it.
 */
export const receivedVersionOf = (
  registry: Registry["Service"],
  consumer: string,
  { eventName, schemaVersion }: Pick<EventDetails, "eventName" | "schemaVersion">
): number | undefined => {
  const subscriber = registry.handlerFor(consumer, eventName)
  const definition = subscriber?.definitions.get(eventName)
  if (subscriber === undefined || definition === undefined) return subscriber === undefined ? undefined : schemaVersion
  if (schemaVersion > definition.version) return undefined
  return definition.versions === undefined ? schemaVersion : definition.version
}

const elsewhere = (known: number | undefined, consumer: string, { eventName, schemaVersion }: EventDetails) =>
  known === undefined
    ? `The process that answers has no handler of consumer "${consumer}" for "${eventName}". Ask one that has: whether the payload is brought to another version depends on the handler.`
    : `The process that answers knows "${eventName}" up to version ${known}. Version ${schemaVersion} is left to processes that know it.`

const unwritten = (why: string): Told => ({
  payloadText: null,
  reason: `The handler gets it, and it cannot be shown: ${why}`
})

/** The text of what was made of a document, if it can be told. */
const written = Effect.fnUntraced(function* (definition: DomainEvent.Definition.Any, made: unknown, document: string) {
  const json = yield* Effect.exit(
    Effect.flatMap(encoderOf(definition)(made), (value) => Effect.sync(() => writtenAlike(value, document)))
  )
  if (Exit.isFailure(json)) return unwritten(describe(principal(json.cause)).text)
  const bytes = Buffer.byteLength(json.value)
  return bytes > largestContent
    ? unwritten(`it has ${bytes} bytes, at most ${largestContent} are told.`)
    : { payloadText: json.value, reason: null }
})

/** The words of a delivery that cannot be read. */
const unreadable = (cause: Cause.Cause<unknown>) => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  const { issues = [], message } = Object(failure) as {
    readonly issues?: ReadonlyArray<Issue>
    readonly message: string
  }
  return { reason: failure === undefined ? describe(principal(cause)).text : message, issues }
}

/** What is stored for a consumer: the payload of the event, or its own. */
const storedFor = (event: EventDetails, consumer: string) => {
  const delivery = event.deliveries.find((each) => each.consumer === consumer)
  if (delivery !== undefined)
    return { ...delivery, text: delivery.isEdited ? delivery.payloadOverride : event.payloadText }
  const meant = nearest(
    consumer,
    event.deliveries.map((each) => each.consumer)
  )
  return new EventNotDelivered({ eventId: event.id, consumer, ...(meant === undefined ? {} : { nearest: meant }) })
}

/** What the handler of a consumer gets of an event. Fails with `EventNotDelivered`. */
export const receivedPayload = Effect.fnUntraced(function* (
  registry: Registry["Service"],
  event: EventDetails,
  consumer: string
): Effect.fn.Return<ReceivedPayload, EventNotDelivered> {
  const { eventName, id: eventId, oversizeBytes, schemaVersion } = event
  const stored = storedFor(event, consumer)
  if (stored instanceof EventNotDelivered) return yield* stored
  const { isEdited, text } = stored
  const received = receivedVersionOf(registry, consumer, event)
  const subscriber = registry.handlerFor(consumer, eventName)
  const definition = subscriber?.definitions.get(eventName)
  const answer: ReceivedPayload = {
    ...{ eventId, eventName, consumer, isEdited, schemaVersion },
    ...{ state: isEdited ? "edited" : "published", receivedVersion: received ?? null },
    ...{ payloadText: text, originalPayloadText: event.payloadText, reason: null, issues: [] }
  }
  if (subscriber === undefined || received === undefined) {
    return { ...answer, state: "elsewhere", reason: elsewhere(definition?.version, consumer, event) }
  }
  if (isEdited && text === null) return { ...answer, reason: "It is too large to be shown beside those of others." }
  const payload = isEdited ? JSON.parse(text ?? "null") : event.payload
  const row = { eventId, eventName, schemaVersion, payload, oversizeBytes: isEdited ? null : oversizeBytes }
  const made = yield* Effect.exit(readPayload(subscriber, row))
  if (Exit.isFailure(made)) return { ...answer, state: "unreadable", ...unreadable(made.cause) }
  if (definition === undefined || text === null || received === schemaVersion) return answer
  return { ...answer, state: "upcast", ...(yield* written(definition, made.value, text)) }
})
