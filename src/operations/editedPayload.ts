/**
 * Payloads that somebody edits before a delivery is requeued.
 *
 * @internal
 */
import { Effect, type Schema } from "effect"
import type { Registry } from "../delivery/Registry.ts"
import { EventEncodingError } from "../errors/PayloadErrors.ts"
import { decode, issueIn } from "../model/payloadCodec.ts"
import { storableValue } from "../model/storable.ts"
import type { Delivery } from "../stores/Delivery.ts"

/**
 * The text of a payload for one delivery, if it can be stored and the delivery's handler, when this process has it, can
 * decode it: as one of the version that its event was stored in.
 *
 * @param maxBytes - largest payload, in bytes of JSON
 */
export const editedPayload = Effect.fnUntraced(function* (
  registry: Registry["Service"],
  { consumer, deliveryId, eventId, eventName, schemaVersion }: Delivery,
  payload: Schema.Json,
  maxBytes: number
) {
  const stored = storableValue(payload, maxBytes)
  if ("issue" in stored) {
    return yield* new EventEncodingError({ eventName, issues: [issueIn("payload", stored.issue)], deliveryId })
  }
  const definition = registry.handlerFor(consumer, eventName)?.definitions.get(eventName)
  if (definition !== undefined) {
    yield* decode(definition, { eventName, eventId, schemaVersion, payload })
  }
  return stored.json
})
