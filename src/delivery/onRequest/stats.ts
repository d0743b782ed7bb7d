/**
 * How many events and deliveries there are, by status, and what keeps deliveries waiting.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { StatusCount } from "../../stores/Delivery.ts"
import type { EventStatus } from "../../stores/OutboxStore.ts"
import type { ConsumerState } from "../../stores/SubscriptionStore.ts"
import type { Engine } from "../engine.ts"
import { unserved } from "../maintenance/maintenance.ts"
import type { DeliveryState, Outstanding, PausedConsumer, Stats } from "../Stats.ts"

const noEvents: Record<EventStatus, number> = { pending: 0, processing: 0, processed: 0, failed: 0, dead_letter: 0 }

const noDeliveries: Record<DeliveryState, number> = {
  received: 0,
  processing: 0,
  retrying: 0,
  parked: 0,
  processed: 0,
  skipped: 0,
  failed: 0,
  dead_letter: 0
}

/** By consumer and state. What is `failed` is tried again if it is open. */
const statesOf = (counts: ReadonlyArray<StatusCount>) => {
  const deliveries: Record<string, Record<DeliveryState, number>> = {}
  for (const { consumer, count, open, parked, status } of counts) {
    deliveries[consumer] ??= { ...noDeliveries }
    const states = deliveries[consumer]
    states.parked += parked
    if (status !== "failed") states[status] = count - parked
    else {
      states.retrying = open - parked
      states.failed = count - open
    }
  }
  return deliveries
}

const outstandingOf = (consumers: ReadonlyArray<Record<DeliveryState, number>>): Outstanding =>
  consumers.reduce(
    (sum, { parked, processing, received, retrying }) => ({
      open: sum.open + received + processing,
      retrying: sum.retrying + retrying,
      parked: sum.parked + parked
    }),
    { open: 0, retrying: 0, parked: 0 }
  )

const pausedOf = (consumers: ReadonlyArray<ConsumerState>): ReadonlyArray<PausedConsumer> =>
  consumers.flatMap(({ consumer, pausedAt, pauseReason: reason }) =>
    pausedAt === null ? [] : [{ consumer, since: pausedAt, reason }]
  )

export const makeStats = Effect.fnUntraced(function* (engine: Engine): Effect.fn.Return<Stats, StoreError> {
  const events = { ...noEvents, ...(yield* engine.outbox.countByStatus) }
  const deliveries = statesOf(yield* engine.inbox.countByStatus)
  return {
    events,
    total: Object.values(events).reduce((sum, count) => sum + count, 0),
    outstanding: outstandingOf(Object.values(deliveries)),
    deliveries,
    paused: pausedOf(yield* engine.subscriptions.consumers),
    unserved: (yield* unserved(engine)).filter(({ open }) => open > 0),
    handlerCount: yield* engine.registry.handlerCount()
  }
})
