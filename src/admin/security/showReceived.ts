/**
 * What is shown of what a handler gets. Code of the application has made it: it may have moved what is hidden to another place, or made a
 * key of it, and its errors may quote it. So nothing that it made is shown to whom something of what it was made from is not.
 *
 * @internal
 */
import type { ReceivedPayload } from "../model/events.ts"
import { isFull, lesser, type Sight, seenOf, show } from "./documents.ts"

const keptPayload =
  "It is brought to another version, and that is shown to those only who see the whole payload it is made from: what is hidden from you may be in another place of it."

const keptWords =
  "It cannot be read. Why is told to those only who see the whole payload: the words may hold what is hidden from you."

/** Whether all that it was made from is seen. What somebody edited is not here, so that nobody can tell what of it would be hidden. */
const seesSource = (received: ReceivedPayload, sight: Sight): boolean =>
  isFull(sight) || (sight.visibility === "full" && !received.isEdited && show(received.originalPayload, sight).isWhole)

/** What somebody sees of it. */
export const showReceived = (received: ReceivedPayload, sight: Sight): ReceivedPayload => {
  const original = show(received.originalPayload, sight)
  const payload = show(received.payload, sight)
  const shown: ReceivedPayload = {
    ...received,
    originalPayload: original.text,
    payload: payload.text,
    visibility: lesser(seenOf(received.visibility, sight), original.isWhole && payload.isWhole)
  }
  if (seesSource(received, sight)) return shown
  const { state } = received
  if (state === "upcast")
    return { ...shown, payload: null, visibility: lesser(shown.visibility, false), reason: keptPayload }
  return state === "unreadable" ? { ...shown, reason: keptWords, problems: [] } : shown
}
