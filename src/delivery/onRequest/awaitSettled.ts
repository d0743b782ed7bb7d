/**
 * Waits for the deliveries of one event, or of consumers.
 *
 * @internal
 */
import { Effect } from "effect"
import { EventNotFound } from "../../errors/OperationErrors.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { isUuid } from "../../model/storable.ts"
import type { Delivery } from "../../stores/Delivery.ts"
import type { Engine } from "../engine.ts"

export const settled = (
  engine: Engine,
  eventId: string
): Effect.Effect<ReadonlyArray<Delivery>, EventNotFound | StoreError> =>
  Effect.gen(function* () {
    if (!isUuid(eventId)) return yield* new EventNotFound({ eventId })
    for (;;) {
      const event = yield* engine.outbox.findById(eventId)
      if (event === undefined) return yield* new EventNotFound({ eventId })
      if (event.isRouted) {
        const deliveries = yield* engine.inbox.findByEvent(eventId)
        if (!deliveries.some((delivery) => delivery.isOpen)) return deliveries
      }
      yield* engine.inbox.changed
    }
  })

/** Waits until nothing is open for these consumers; default those of this process. Handles nothing itself. */
export const allSettled = (
  engine: Engine,
  consumers: ReadonlyArray<string> | undefined
): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    const names = consumers ?? (yield* engine.registry.consumers).map(({ name }) => name)
    while (yield* engine.inbox.hasOpen(names)) yield* engine.inbox.changed
  })
