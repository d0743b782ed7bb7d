/**
 * What the checks of operations share.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { InboxStore } from "../../stores/InboxStore.ts"
import { type NewOperation, type OperationStep, OperationStore, type Taken } from "../../stores/OperationStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { newEvent, settleNext, unique, withDeliveries } from "./support.ts"

/** A consumer with deliveries that gave up one after the other. */
export const withDead = Effect.fnUntraced(function* (count: number) {
  const made = yield* withDeliveries(count)
  for (let n = 0; n < count; n++) {
    yield* settleNext(made.claim, { status: "dead_letter", error: `error ${n}` })
    yield* Effect.sleep("2 millis")
  }
  const deliveries = yield* InboxStore.use((inbox) => inbox.findByConsumer(made.consumer, undefined, 100))
  return { ...made, ids: deliveries.map(({ deliveryId }) => deliveryId) }
})

export const newOperation = (consumer: string, more: Partial<NewOperation> = {}): NewOperation => ({
  id: SecureRandom.uuidV7Unsafe(),
  kind: "requeue",
  filter: { consumer },
  cutOff: undefined,
  canary: 0,
  pace: null,
  reason: null,
  by: "ana",
  role: "operator",
  total: 3,
  isTotalExact: true,
  ...more
})

export const stepOf = (taken: Taken, more: Partial<OperationStep> = {}): OperationStep => ({
  state: taken.state,
  isTaken: taken.isTaken,
  isFinished: false,
  total: taken.total,
  isTotalExact: taken.isTotalExact,
  cursor: taken.cursor,
  countCursor: taken.countCursor,
  counted: taken.counted,
  done: 0,
  settled: 0,
  failedAgain: 0,
  requeued: [],
  delayMillis: 0,
  ...more
})

/** Takes what is due until it is the one with this id; others stay as they are, but are not due for a while. */
export const taking = <A, E, R>(id: string, use: (taken: Taken) => Effect.Effect<A, E, R>) =>
  Transactor.withTransaction(
    Effect.gen(function* () {
      const store = yield* OperationStore
      for (;;) {
        const taken = yield* store.take
        assert.ok(taken !== undefined, "the operation is due")
        if (taken.id === id) return yield* use(taken)
        yield* store.save(taken.id, stepOf(taken, { delayMillis: 600_000 }))
      }
    })
  )

/** Ends operations, so that they are nobody's any more. */
export const end = (id: string) =>
  OperationStore.use((store) =>
    taking(id, (taken) => store.save(id, stepOf(taken, { isTaken: true, isFinished: true, state: "finished" })))
  )

/** As `withDead`, of one aggregate of an ordered consumer whose dead letters hold up nobody. */
export const withOrdered = Effect.fnUntraced(function* (count: number) {
  const [consumer, eventName] = [unique("consumer"), unique("event")]
  yield* SubscriptionStore.use((subscriptions) =>
    subscriptions.register([{ consumer, event: eventName, priority: 0, ordering: "aggregate" }])
  )
  yield* OutboxStore.use((outbox) => outbox.append(Array.from({ length: count }, () => newEvent(eventName))))
  const inbox = yield* InboxStore
  const interest = { names: [eventName], patterns: [] }
  for (let n = 0; n < count; n++) {
    yield* settleNext((limit) => inbox.claim({ consumer, interest, limit, onDeadLetter: "continue" }), {
      status: "dead_letter",
      error: `error ${n}`
    })
    yield* Effect.sleep("2 millis")
  }
  const deliveries = yield* inbox.findByConsumer(consumer, undefined, 100)
  return { consumer, eventName, interest, ids: deliveries.map(({ deliveryId }) => deliveryId) }
})
