/**
 * Processes in memory: what they serve. They end with the store, so nothing is left of one that crashed.
 *
 * @internal
 */
import { Clock, Effect, Layer } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { cutTo } from "../model/storable.ts"
import { type Replica, ReplicaStore, type Serving } from "../stores/ReplicaStore.ts"
import { ascending } from "./comparators.ts"
import type { ReplicaRecord } from "./records.ts"
import { MemoryTables, type Tables } from "./tables.ts"

const toReplica = (
  id: string,
  { about, condition, lastSeenAt, served, startedAt, stoppedAt }: ReplicaRecord
): Replica => ({
  id,
  host: null,
  pid: process.pid,
  status: stoppedAt === null ? "running" : "stopped",
  version: about?.version ?? null,
  applicationVersion: about?.applicationVersion === undefined ? null : cutTo(about.applicationVersion, 255),
  isListening: condition?.isListening ?? null,
  batches: condition?.batches ?? null,
  maxBatches: about?.maxBatches ?? null,
  consumers: served.map(({ consumer }) => consumer).toSorted(ascending),
  startedAt: new Date(startedAt),
  lastSeenAt: new Date(lastSeenAt),
  stoppedAt: stoppedAt === null ? null : new Date(stoppedAt)
})

/** What a process says about a consumer that it has handlers of. */
const servedOf = ({ served }: ReplicaRecord, consumer: string) =>
  served.filter((each) => each.consumer === consumer && each.names.length + each.patterns.length > 0)

/** Processes that serve a consumer and have been heard of since a time. */
const serving = (tables: Tables, consumer: string, since: number): ReadonlyArray<Serving> =>
  [...tables.replicas]
    .filter(([, { lastSeenAt, stoppedAt }]) => stoppedAt === null && lastSeenAt > since)
    .flatMap(([id, record]) =>
      servedOf(record, consumer).map((served) => ({ id, host: null, pid: process.pid, served }))
    )
    .toReversed()

export const layer: Layer.Layer<ReplicaStore, never, MemoryTables> = Layer.effect(
  ReplicaStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { replicas } = tables
    const id = SecureRandom.uuidV7Unsafe()
    const change = (record: (now: number) => Partial<ReplicaRecord>) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const before = replicas.get(id) ?? { startedAt: now, stoppedAt: null, served: [] }
        replicas.set(id, { ...before, lastSeenAt: now, ...record(now) })
      })
    return ReplicaStore.of({
      id,
      join: (about) => change(() => ({ about, stoppedAt: null })),
      serve: (served) => change(() => ({ served })),
      serving: (consumer, silentMillis) =>
        Effect.map(Clock.currentTimeMillis, (now) => serving(tables, consumer, now - silentMillis)),
      leave: change((now) => ({ stoppedAt: now })),
      reap: () => Effect.succeed(0),
      startRecovery: () => Effect.void,
      endRecovery: () => Effect.void,
      noteStarted: () => Effect.void,
      findStarted: () => Effect.succeed([]),
      eraseStarted: () => Effect.void,
      all: Effect.sync(() => [...replicas].map(([each, record]) => toReplica(each, record)).toReversed())
    })
  })
)
