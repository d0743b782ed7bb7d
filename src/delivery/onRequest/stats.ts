/**
 * How many events and deliveries there are, by status.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { DeliveryStatus } from "../../stores/Delivery.ts"
import type { EventStatus } from "../../stores/OutboxStore.ts"
import type { Engine } from "../engine.ts"
import type { Stats } from "../Stats.ts"

const noEvents: Record<EventStatus, number> = { pending: 0, processing: 0, processed: 0, failed: 0, dead_letter: 0 }

const noDeliveries: Record<DeliveryStatus | "retrying", number> = {
  received: 0,
  processing: 0,
  processed: 0,
  retrying: 0,
  failed: 0,
  skipped: 0,
  dead_letter: 0
}

export const makeStats = Effect.fnUntraced(function* (engine: Engine): Effect.fn.Return<Stats, StoreError> {
  const events = { ...noEvents, ...(yield* engine.outbox.countByStatus) }
  const deliveries: Record<string, Record<DeliveryStatus | "retrying", number>> = {}
  for (const { consumer, count, isOpen, status } of yield* engine.inbox.countByStatus) {
    deliveries[consumer] ??= { ...noDeliveries }
    deliveries[consumer][status === "failed" && isOpen ? "retrying" : status] = count
  }
  return {
    events,
    total: Object.values(events).reduce((sum, count) => sum + count, 0),
    deliveries,
    handlerCount: yield* engine.registry.handlerCount()
  }
})
