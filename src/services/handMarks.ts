/**
 * Settling deliveries by hand, beside the engine: a delivery that somebody has in hand is left alone, and attempts are counted once.
 *
 * @internal
 */
import { Cause, Effect } from "effect"
import { rulesFor } from "../delivery/consumerRules.ts"
import { crashedOutcome, failedOutcome, type Outcome, unresponsiveOutcome } from "../delivery/handlers/outcome.ts"
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
import type { Taken, TakenByHand } from "./takenByHand.ts"

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

/** A consumer, and what holds for it: one that is not served here has no options. */
const consumerOf = Effect.fnUntraced(function* (name: string) {
  const { consumers } = yield* Registry
  const { current } = yield* Settings
  const consumer = (yield* consumers).find((candidate) => candidate.name === name) ?? Consumer.make(name)
  return { consumer, rules: rulesFor(consumer, yield* current) }
})

const rulesOf = (name: string) => Effect.map(consumerOf(name), ({ rules }) => rules)

const claim = Effect.fnUntraced(function* (delivery: Delivery) {
  const { delayed, onDeadLetter } = yield* rulesOf(delivery.consumer)
  const interest = { names: [delivery.eventName], patterns: [] }
  return yield* InboxStore.use((inbox) => inbox.claimOne({ ...delivery, interest, onDeadLetter, delayed }))
})

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

/** How many leases of one consumer may have run out: more are not left behind by what ends. */
const expiredLimit = 10_000

/**
 * Ends the lease of a delivery, if it ran out, as the failure of its attempt. The engine does so for consumers that have a handler; of
 * others nobody else would. It stays ended when the mark that asked for it is refused.
 */
const endExpired = Effect.fnUntraced(function* ({ consumer: name, deliveryId }: Delivery) {
  const inbox = yield* InboxStore
  const { consumer, rules } = yield* consumerOf(name)
  const found = yield* inbox.expired(name, expiredLimit, rules.idleMillis - rules.processingLeaseMs)
  const row = found.find((each) => each.deliveryId === deliveryId)
  if (row === undefined) return
  const outcome = row.isHolderRunning
    ? unresponsiveOutcome(consumer, row, rules.idleMillis)
    : crashedOutcome(consumer, row, rules.processingLeaseMs)
  if (yield* inbox.settleLease(yield* settlementOf(row, outcome, rules.retry, 0), row.token)) yield* follow(row)
}, Transactor.withTransaction)

/** A delivery that is to be marked. A lease on it holds, as far as can be told. */
const findHeld = Effect.fnUntraced(function* (deliveryId: string) {
  const delivery = yield* findDelivery(deliveryId)
  if (delivery.status !== "processing") return delivery
  yield* endExpired(delivery)
  return yield* findDelivery(deliveryId)
})

/** Takes a delivery once more that this process has taken, if it holds it still: for as long again, and as the same attempt. */
const retake = Effect.fnUntraced(function* ({ row, token }: Taken) {
  const inbox = yield* InboxStore
  const replicas = yield* ReplicaStore
  const { processingLeaseMs } = yield* rulesOf(row.consumer)
  if (!(yield* inbox.giveBack(row, token))) return
  return { token: yield* inbox.lease(row, processingLeaseMs, replicas.id), row }
}, Transactor.withTransaction)

const takeOpen = Effect.fnUntraced(function* (delivery: Delivery) {
  const inbox = yield* InboxStore
  const replicas = yield* ReplicaStore
  const row = yield* claim(delivery)
  if (row === undefined) return yield* notMarked(delivery, "processing")
  const { processingLeaseMs } = yield* rulesOf(delivery.consumer)
  return { token: yield* inbox.lease(row, processingLeaseMs, replicas.id), row }
}, Transactor.withTransaction)

/** Takes a delivery, for `processingLeaseMs`; its attempt is counted now. One that is taken already is kept for as long again. */
export const take = Effect.fnUntraced(function* (all: TakenByHand, deliveryId: string) {
  yield* findDelivery(deliveryId)
  const own = yield* all.find(deliveryId)
  const kept = own === undefined ? undefined : yield* retake(own)
  if (own !== undefined && kept === undefined) yield* all.drop(deliveryId, own)
  yield* all.set(deliveryId, kept ?? (yield* takeOpen(yield* findHeld(deliveryId))))
  return yield* findDelivery(deliveryId)
})

/** Settles a delivery that was taken by hand. Returns whether it was held still. */
const settleTaken = Effect.fnUntraced(function* (outcome: Outcome, { row, token }: Taken) {
  const { retry } = yield* rulesOf(row.consumer)
  const settlement = yield* settlementOf(row, outcome, retry, 0)
  const isHeld = yield* InboxStore.use((inbox) => inbox.settleLease(settlement, token))
  if (isHeld) yield* follow(row)
  return isHeld
}, Transactor.withTransaction)

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
}, Transactor.withTransaction)

/** Whether a delivery is what it is to be marked as. */
const isMarked = ({ isOpen, status }: Delivery, mark: Mark) => !isOpen && status === mark

/** Lets a delivery go that gave up. */
const skipGivenUp = Effect.fnUntraced(function* (delivery: Delivery, mark: Mark) {
  const hasGivenUp = delivery.status === "dead_letter" || delivery.status === "failed"
  if (!hasGivenUp || mark !== "skipped") return yield* notMarked(delivery, mark)
  yield* DeadLetters.use((letters) => letters.discard(delivery.deliveryId))
})

/** Marks a delivery as processed, failed or skipped, counting its attempt unless it was counted when it was taken. */
export const settle = Effect.fnUntraced(function* (all: TakenByHand, deliveryId: string, mark: Mark, outcome: Outcome) {
  const found = yield* findDelivery(deliveryId)
  if (isMarked(found, mark)) return found
  const own = found.isOpen ? yield* all.find(deliveryId) : undefined
  if (own !== undefined) {
    if (!(yield* settleTaken(outcome, own))) {
      yield* all.drop(deliveryId, own)
      return yield* notMarked(found, mark, "it was held for too long, and its lease was ended")
    }
  } else {
    const delivery = yield* findHeld(deliveryId)
    yield* delivery.isOpen ? settleOpen(delivery, mark, outcome) : skipGivenUp(delivery, mark)
  }
  yield* all.set(deliveryId, undefined)
  return yield* findDelivery(deliveryId)
})

export const processed: Outcome = { _tag: "Processed" }

export const skipped: Outcome = { _tag: "Skipped", reason: undefined }

export const failed = (error: string): Outcome => failedOutcome(Cause.fail(new Error(error)))
