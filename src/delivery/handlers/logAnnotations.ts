/**
 * What log lines say of the delivery that they are about.
 *
 * @internal
 */
import type { Consumer } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/Delivery.ts"

/** Names of annotations, which documents and dashboards know. */
export const annotationsOf = (
  { name }: Consumer,
  { attemptCount, correlationId, deliveryId, eventId, eventName }: Claimed
): Readonly<Record<string, unknown>> => {
  const annotations = { consumer: name, event: eventName, eventId, deliveryId, attempt: attemptCount + 1 }
  return correlationId === null ? annotations : { ...annotations, correlationId }
}

/** A place as `file.ts:12`. */
export const shortPlace = (at: string): string | undefined => at.match(/([^/\\(\s]+:\d+):\d+\)?$/)?.[1]

/** Where an attempt failed: the innermost line of the application's own code, if the error tells. */
export const failedAt = (detail: string | undefined): string | undefined =>
  detail
    ?.split("\n")
    .find((line) => /^\s+at .*:\d+:\d+\)?$/.test(line))
    ?.trim()
    .slice("at ".length)
