/**
 * Payloads that somebody edits before a delivery is requeued.
 *
 * @internal
 */
import { Effect, type Schema } from "effect"
import type { Registry } from "../delivery/Registry.ts"
import { EventDecodingError, EventEncodingError } from "../errors/PayloadErrors.ts"
import { placeInText, textProblem } from "../model/jsonText.ts"
import { decode, issueIn } from "../model/payloadCodec.ts"
import { maxDepth, storableText, storableValue } from "../model/storable.ts"
import type { Delivery } from "../stores/Delivery.ts"

/** A payload as it was given: as a value, or as JSON text, whose numbers keep all their digits. */
export type Edited = { readonly payload: Schema.Json } | { readonly payloadText: string }

/** The text that is stored, or why it cannot be. */
const storable = (edited: Edited, maxBytes: number): ReturnType<typeof storableText> => {
  if ("payload" in edited) return storableValue(edited.payload, maxBytes)
  const { payloadText } = edited
  const problem = textProblem(payloadText, maxDepth)
  if (problem !== undefined) return { issue: problem }
  const stored = storableText(payloadText, maxBytes)
  return "issue" in stored && stored.issue.path !== ""
    ? { issue: { ...stored.issue, ...placeInText(payloadText, stored.issue.path) } }
    : stored
}

/** An error that also says where in the text each issue is. */
const placed = (error: EventDecodingError, text: string) =>
  new EventDecodingError({
    ...error,
    issues: error.issues.map((issue) => ({ ...issue, ...placeInText(text, issue.path) }))
  })

/**
 * The text of a payload for one delivery, if it can be stored and the delivery's handler, when this process has it, can
 * decode it: as one of the version that its event was stored in.
 *
 * @param maxBytes - largest payload, in bytes of JSON
 */
export const editedPayload = Effect.fnUntraced(function* (
  registry: Registry["Service"],
  { consumer, deliveryId, eventId, eventName, schemaVersion }: Delivery,
  edited: Edited,
  maxBytes: number
) {
  const stored = storable(edited, maxBytes)
  if ("issue" in stored) {
    return yield* new EventEncodingError({ eventName, issues: [issueIn("payload", stored.issue)], deliveryId })
  }
  const definition = registry.handlerFor(consumer, eventName)?.definitions.get(eventName)
  if (definition !== undefined) {
    // As its handler will read it: in numbers of JavaScript.
    const payload = "payload" in edited ? edited.payload : JSON.parse(edited.payloadText)
    yield* Effect.mapError(decode(definition, { eventName, eventId, schemaVersion, payload }), (error) =>
      "payloadText" in edited && error instanceof EventDecodingError ? placed(error, edited.payloadText) : error
    )
  }
  return stored.json
})
