/**
 * Settling deliveries by hand, beside the engine: a delivery that somebody has in hand is left alone, and attempts are counted once.
 *
 * @internal
 */
import { Cause, Effect } from "effect"
import { rulesFor } from "../delivery/consumerRules.ts"
import { failedOutcome, type Outcome } from "../delivery/handlers/outcome.ts"
import { settlementOf } from "../delivery/handlers/settlementOf.ts"
import { Registry } from "../delivery/Registry.ts"
import { DeliveryNotFound, DeliveryNotMarked } from "../errors/OperationErrors.ts"
import * as Consumer from "../model/Consumer.ts"
import { isUuid } from "../model/storable.ts"
import { DeadLetters } from "../operations/DeadLetters.ts"
import { Settings } from "../settings/Settings.ts"
import type { Claimed, Delivery } from "../stores/Delivery.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import { ReplicaStore } from "../stores/ReplicaStore.ts"
import { Transactor } from "../stores/Transactor.ts"
import { Notifier } from "../wakeups/Notifier.ts"

/** A delivery that was taken by hand: the name of its lease, and its row as it was claimed. */
export interface Taken {
  readonly token: string
  readonly row: Claimed
}

/** What was taken by hand, by delivery: `BoundedMap`. */
export interface TakenByHand {
  readonly get: (deliveryId: string) => Taken | undefined
  readonly set: (deliveryId: string, taken: Taken) => void
  readonly delete: (deliveryId: string) => boolean
}

/** What a delivery can be marked as. */
export type Mark = "processing" | "processed" | "failed" | "skipped"

export const findDelivery = Effect.fnUntraced(function* (deliveryId: string) {
  const found = isUuid(String(deliveryId)) ? yield* InboxStore.use((inbox) => inbox.findById(deliveryId)) : undefined
  return found ?? (yield* new DeliveryNotFound({ deliveryId: String(deliveryId) }))
})

/** Why a delivery cannot be taken. */
const stateOf = ({ dueInMillis, isOpen, status }: Delivery) => {
  if (!isOpen) return `it is ${status} already`
  if (status === "processing") return "it is being handled, under a lease"
  if (dueInMillis === null) return "it waits for an earlier event of its aggregate"
  if (dueInMillis > 0) return `it is not due for another ${Math.ceil(dueInMillis)} ms`
  return "it is being handled, or its consumer is paused"
}

const notMarked = (delivery: Delivery, mark: Mark, state = stateOf(delivery)) =>
  new DeliveryNotMarked({ deliveryId: delivery.deliveryId, consumer: delivery.consumer, mark, state })

/** What holds for a consumer: one that is not served here has no options. */
const rulesOf = Effect.fnUntraced(function* (name: string) {
  const { consumers } = yield* Registry
  const { current } = yield* Settings
  const consumer = (yield* consumers).find((candidate) => candidate.name === name) ?? Consumer.make(name)
  return rulesFor(consumer, yield* current)
})

const claim = Effect.fnUntraced(function* (delivery: Delivery) {
  const { delayed, onDeadLetter } = yield* rulesOf(delivery.consumer)
  const interest = { names: [delivery.eventName], patterns: [] }
  return yield* InboxStore.use((inbox) => inbox.claimOne({ ...delivery, interest, onDeadLetter, delayed }))
})

/** Takes a delivery, for `processingLeaseMs`; its attempt is counted now. */
export const take = Effect.fnUntraced(function* (taken: TakenByHand, deliveryId: string) {
  const inbox = yield* InboxStore
  const replicas = yield* ReplicaStore
  const delivery = yield* findDelivery(deliveryId)
  if (delivery.status === "processing" && taken.get(deliveryId) !== undefined) return delivery
  const row = yield* claim(delivery)
  if (row === undefined) return yield* notMarked(delivery, "processing")
  const { processingLeaseMs } = yield* rulesOf(delivery.consumer)
  const token = yield* inbox.lease(row, processingLeaseMs, replicas.id)
  taken.set(deliveryId, { token, row })
  return yield* findDelivery(deliveryId)
}, Transactor.withTransaction)

/** Lets go on what waited for a delivery. */
const follow = Effect.fnUntraced(function* (row: Claimed) {
  const inbox = yield* InboxStore
  const notifier = yield* Notifier
  const transactor = yield* Transactor
  const { delayed, onDeadLetter } = yield* rulesOf(row.consumer)
  if (onDeadLetter !== undefined && row.orderingKey !== undefined) {
    yield* inbox.unpark({ consumer: row.consumer, keys: [row.orderingKey], onDeadLetter, delayed, waits: true })
  }
  const forward = row.tier === null ? [] : yield* inbox.bringForward([row.eventId])
  yield* transactor.afterCommit(notifier.announce([row.consumer, ...forward]))
})

/** Settles a delivery that was taken by hand. */
const settleTaken = Effect.fnUntraced(function* (
  delivery: Delivery,
  mark: Mark,
  outcome: Outcome,
  { row, token }: Taken
) {
  const { retry } = yield* rulesOf(row.consumer)
  const settlement = yield* settlementOf(row, outcome, retry, 0)
  const isHeld = yield* InboxStore.use((inbox) => inbox.settleLease(settlement, token))
  if (!isHeld) return yield* notMarked(delivery, mark, "it was held for too long, and somebody else has it by now")
  yield* follow(row)
})

/** Settles a delivery that nobody has in hand. */
const settleOpen = Effect.fnUntraced(function* (delivery: Delivery, mark: Mark, outcome: Outcome) {
  const inbox = yield* InboxStore
  const { onDeadLetter, retry } = yield* rulesOf(delivery.consumer)
  const row = yield* claim(delivery)
  // Out of its turn, or before its time: in order nobody does that, else whoever has it is waited for, and goes first.
  if (row === undefined && (onDeadLetter !== undefined || delivery.status === "processing")) {
    return yield* notMarked(delivery, mark)
  }
  const settlement = yield* settlementOf(row ?? delivery, outcome, retry, 0)
  if (!(yield* inbox.settle(settlement))) return yield* notMarked(yield* findDelivery(delivery.deliveryId), mark)
  if (row !== undefined) yield* follow(row)
})

/** Whether a delivery is what it is to be marked as. */
const isMarked = ({ isOpen, status }: Delivery, mark: Mark) => !isOpen && status === mark

/** Marks a delivery as processed, failed or skipped, counting its attempt unless it was counted when it was taken. */
export const settle = (taken: TakenByHand, deliveryId: string, mark: Mark, outcome: Outcome) =>
  Effect.gen(function* () {
    const delivery = yield* findDelivery(deliveryId)
    if (isMarked(delivery, mark)) return delivery
    const hasGivenUp = !delivery.isOpen && (delivery.status === "dead_letter" || delivery.status === "failed")
    if (hasGivenUp && mark === "skipped") yield* DeadLetters.use((letters) => letters.discard(deliveryId))
    else if (!delivery.isOpen) return yield* notMarked(delivery, mark)
    else {
      const own = taken.get(deliveryId)
      yield* own === undefined ? settleOpen(delivery, mark, outcome) : settleTaken(delivery, mark, outcome, own)
    }
    return yield* findDelivery(deliveryId)
  }).pipe(
    Transactor.withTransaction,
    Effect.tap(() => Effect.sync(() => taken.delete(deliveryId)))
  )

export const processed: Outcome = { _tag: "Processed" }

export const skipped: Outcome = { _tag: "Skipped", reason: undefined }

export const failed = (error: string): Outcome => failedOutcome(Cause.fail(new Error(error)))
