/** Whether a payload can be edited by whoever looks. */
import { useForbidden } from "../../api/session.ts"
import type { DeadLetterDetails } from "../../api/wire.ts"

/** Longer payloads, in characters, make an editor stand still for seconds. */
const largest = 2_000_000

/** Why it cannot; undefined if it can. */
export const useUneditable = ({ deliveryId, payload, visibility }: DeadLetterDetails): string | undefined => {
  const forbidden = useForbidden("deadLetters.edit")
  if (forbidden !== undefined) return forbidden
  if (visibility !== "full")
    return "You do not see all of this payload, so you cannot edit it: what is hidden would be lost."
  return payload === null || payload.length > largest
    ? `This payload is too large to be edited here: npx effect-integration dead-letters edit ${deliveryId} --payload FILE takes it.`
    : undefined
}
