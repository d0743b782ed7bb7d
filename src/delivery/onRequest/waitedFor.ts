/**
 * Who is waited for, in words: of an event that is not settled when somebody's patience ends.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { matcher } from "../../model/eventPattern.ts"
import type { Delivery } from "../../stores/Delivery.ts"
import type { ConsumerState, Unserved } from "../../stores/SubscriptionStore.ts"
import type { Engine } from "../engine.ts"

const isNobodys = ({ consumer, eventName, schemaVersion }: Delivery, unserved: ReadonlyArray<Unserved>) =>
  unserved.some(
    (each) =>
      each.consumer === consumer &&
      matcher(each.event)(eventName) &&
      (each.version === undefined || each.version === schemaVersion)
  )

/** Why a delivery is open, as far as the tables say. */
const reasonOf = (
  delivery: Delivery,
  state: ConsumerState | undefined,
  unserved: ReadonlyArray<Unserved>,
  now: number
): string => {
  const { attemptCount, dueInMillis, lastError, status } = delivery
  if (status === "processing") return "is being handled under a lease"
  if (isNobodys(delivery, unserved)) return "no process that runs serves it; Processor.unserved has all of them"
  if (state !== undefined && state.pausedAt !== null) {
    return `paused since ${state.pausedAt.toISOString()}${state.pauseReason === null ? "" : `: ${state.pauseReason}`}`
  }
  if (state?.coolUntil != null && state.coolUntil.getTime() > now) {
    return `a handler asked to hold it until ${state.coolUntil.toISOString()}`
  }
  if (dueInMillis === null) return "waits behind another delivery of its aggregate"
  const failed = attemptCount === 0 ? "" : `, after attempt ${attemptCount} failed: ${lastError ?? ""}`
  return dueInMillis > 0 ? `due in ${Math.ceil(dueInMillis)} ms${failed}` : `due, and not handled yet${failed}`
}

const notWritten = "its deliveries: they are not written yet, as for an event that was inserted by SQL a moment ago"

/** Each open delivery of an event with its reason. */
export const waitedFor = (engine: Engine, eventId: string): Effect.Effect<ReadonlyArray<string>, StoreError> =>
  Effect.gen(function* () {
    const event = yield* engine.outbox.findById(eventId)
    if (event !== undefined && !event.isRouted) return [notWritten]
    const open = (yield* engine.inbox.findByEvent(eventId)).filter(({ isOpen }) => isOpen)
    if (open.length === 0) return []
    const states = yield* engine.subscriptions.consumers
    const unserved = yield* engine.subscriptions.unserved
    const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    return open.map((delivery) => {
      const state = states.find(({ consumer }) => consumer === delivery.consumer)
      return `${delivery.consumer}: ${reasonOf(delivery, state, unserved, now)}`
    })
  })
