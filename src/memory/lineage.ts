/**
 * What follows from what, in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { type DeliveryAttempt, type LineageEvent, LineageStore } from "../stores/LineageStore.ts"
import { byConsumer, byPosition } from "./comparators.ts"
import { type EventRecord, toDelivery } from "./records.ts"
import { MemoryTables } from "./tables.ts"

const toLineageEvent = ({
  availableAt: _,
  dedupeKey: __,
  metadata: ___,
  payload: ____,
  ...event
}: EventRecord): LineageEvent => event

export const layer: Layer.Layer<LineageStore, never, MemoryTables> = Layer.effect(
  LineageStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { database } = tables
    return LineageStore.of({
      find: (ids) =>
        database.read((transaction) =>
          ids
            .flatMap((id) => transaction.read(tables.events, id.toLowerCase()) ?? [])
            .toSorted(byPosition)
            .map(toLineageEvent)
        ),
      causedBy: ({ causes, from, limit, until }) =>
        database.read((transaction) => {
          const wanted = new Set(causes)
          return [...transaction.rows(tables.events)]
            .filter(
              ({ causationId, createdAt }) =>
                causationId !== null && wanted.has(causationId) && createdAt >= from && createdAt < until
            )
            .toSorted(byPosition)
            .slice(0, limit)
            .map(toLineageEvent)
        }),
      deliveriesOf: (eventIds) =>
        database.read((transaction, now) =>
          eventIds
            .flatMap((id) => [...tables.ofEvent(transaction, id)])
            .toSorted((a, b) => byPosition(a, b) || byConsumer(a, b))
            .map((delivery) => toDelivery(delivery, now))
        ),
      attemptsOf: (eventIds, limit) =>
        database.read((transaction) =>
          eventIds
            .flatMap((eventId) =>
              [...tables.ofEvent(transaction, eventId)].flatMap(({ consumer, id }) =>
                (transaction.read(tables.attempts, id) ?? []).map(
                  (attempt): DeliveryAttempt => ({ ...attempt, eventId, consumer })
                )
              )
            )
            .toSorted((a, b) => a.startedAt.getTime() - b.startedAt.getTime())
            .slice(-limit)
        )
    })
  })
)
