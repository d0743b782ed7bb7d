/**
 * Processes, for stores that end with theirs: there is one, and nothing is left of it that anybody could find.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { ReplicaStore } from "../stores/ReplicaStore.ts"

export const layer: Layer.Layer<ReplicaStore> = Layer.sync(ReplicaStore, () => {
  const id = SecureRandom.uuidV7Unsafe()
  const startedAt = new Date()
  const served = new Set<string>()
  return ReplicaStore.of({
    id,
    join: Effect.void,
    serve: (consumers) =>
      Effect.sync(() => {
        for (const { consumer } of consumers) served.add(consumer)
      }),
    leave: Effect.void,
    reap: () => Effect.succeed(0),
    startRecovery: () => Effect.void,
    endRecovery: () => Effect.void,
    noteStarted: () => Effect.void,
    findStarted: () => Effect.succeed(undefined),
    eraseStarted: () => Effect.void,
    all: Effect.sync(() => [
      {
        id,
        host: null,
        pid: process.pid,
        status: "running" as const,
        consumers: [...served].toSorted(),
        startedAt,
        lastSeenAt: new Date(),
        stoppedAt: null
      }
    ])
  })
})
