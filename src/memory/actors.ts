/**
 * Actors' states in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { Entity } from "../model/DomainEvent.ts"
import { ActorStore, type StoredState, type WrittenState } from "../stores/ActorStore.ts"
import { byPosition } from "./comparators.ts"
import { partsOf } from "./entities.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"

interface StateRecord extends Omit<StoredState, "state"> {
  readonly consumer: string
  /** As text, so that nobody can change what is stored. */
  readonly state: string
}

const keyOf = (consumer: string, aggregate: Entity) => JSON.stringify([consumer, ...partsOf(aggregate)])

const toStored = ({ consumer: _, ...record }: StateRecord): StoredState => ({
  ...record,
  state: JSON.parse(record.state)
})

export const layer: Layer.Layer<ActorStore, never, MemoryDatabase> = Layer.effect(
  ActorStore,
  Effect.gen(function* () {
    const { internal: database } = yield* MemoryDatabase
    const states = database.table<StateRecord>()
    let versions = 0
    return ActorStore.of({
      read: (consumer, aggregate) =>
        database.read((transaction) => {
          const record = transaction.read(states, keyOf(consumer, aggregate))
          return record === undefined ? undefined : toStored(record)
        }),
      write: ({ after, aggregate, consumer, schemaVersion, state }) =>
        database.run((transaction) => {
          const key = keyOf(consumer, aggregate)
          return Effect.map(Effect.andThen(database.lock(transaction, states, key), database.now), (now) => {
            const before = transaction.read(states, key)
            if (before?.version !== after) return undefined
            const written: WrittenState = { revision: (before?.revision ?? 0n) + 1n, version: String(++versions) }
            transaction.write(states, key, {
              ...written,
              consumer,
              aggregate,
              state,
              schemaVersion,
              updatedAt: new Date(now),
              position: before?.position ?? database.nextPosition()
            })
            return written
          })
        }),
      list: (consumer, position, limit) =>
        database.read((transaction) =>
          [...transaction.rows(states)]
            .filter((record) => record.consumer === consumer && record.position > position)
            .toSorted(byPosition)
            .slice(0, limit)
            .map(toStored)
        )
    })
  })
)
