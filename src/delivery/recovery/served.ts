/**
 * What this process serves, as it is recorded for others to know what it may have had in hand if it crashes.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Consumer } from "../../model/Consumer.ts"
import { type Engine, untraced } from "../engine.ts"

/** How many deliveries of one batch are recorded at first, and later: few steps, as each is a statement. */
const recordedBatches = [64, 512] as const

/** How many deliveries of a consumer one of our batches may hold, as far as that is recorded. */
const recordedOf = (engine: Engine, { name }: Consumer) =>
  engine.recovery.recordedBatches.get(name) ?? recordedBatches[0]

/** Records how many deliveries one of our batches may hold, before it does: see `ReplicaStore.serve`. */
export const recordBatch = (engine: Engine, consumer: Consumer, limit: number) => {
  if (limit <= recordedOf(engine, consumer)) return Effect.void
  engine.recovery.recordedBatches.set(consumer.name, recordedBatches.find((size) => limit <= size) ?? limit)
  return recordServed(engine, [consumer])
}

/** Records what is served here of these consumers. */
export const recordServed = (engine: Engine, consumers: ReadonlyArray<Consumer>) =>
  untraced(
    engine.replicas.serve(
      consumers.map((consumer) => ({
        consumer: consumer.name,
        ...engine.registry.interestOf(consumer.name),
        workers: consumer.options.concurrency ?? 1,
        batch: recordedOf(engine, consumer)
      }))
    )
  )
