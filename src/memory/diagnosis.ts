/**
 * Looks at what is in memory; there is no server to look at.
 *
 * @internal
 */
import { Clock, Effect, Layer } from "effect"
import { NotDiagnosable } from "../errors/OperationErrors.ts"
import { type ConsumerCondition, DiagnosisStore, type UnheardEvent } from "../stores/DiagnosisStore.ts"
import { ascending, byConsumer } from "./comparators.ts"
import { hasGivenUp } from "./records.ts"
import { MemoryTables, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const without = (why: string) => Effect.fail(new NotDiagnosable({ why }))

const noDatabase = without("There is no database: all of it is in memory.")

const hour = 3_600_000

/** Deliveries of a consumer that gave up within the last hour. */
const gaveUpLately = (tables: Tables, transaction: Transaction, name: string, now: number) =>
  [...transaction.rows(tables.deliveries)].filter(
    (delivery) => delivery.consumer === name && hasGivenUp(delivery) && (delivery.processedAt ?? now) > now - hour
  ).length

const oldestMillis = (tables: Tables, transaction: Transaction, consumer: string, now: number) => {
  const [first] = tables.claimableOf(transaction, consumer)
  return first === undefined ? 0 : Math.max(0, now - first.availableAt)
}

const consumers = (tables: Tables, transaction: Transaction, now: number): ReadonlyArray<ConsumerCondition> =>
  [...transaction.rows(tables.consumers)]
    .toSorted(byConsumer)
    .slice(0, 1000)
    .map(({ consumer, coolUntil, pausedAt, pauseReason }) => ({
      consumer,
      pausedMillis: pausedAt === null ? null : now - pausedAt,
      pauseReason,
      coolsForMillis: coolUntil === null || coolUntil <= now ? null : coolUntil - now,
      isHeldForBackfill: false,
      isRecovering: false,
      oldestMillis: oldestMillis(tables, transaction, consumer, now),
      gaveUpLately: gaveUpLately(tables, transaction, consumer, now)
    }))

const unheard = (tables: Tables, transaction: Transaction, sample: number): ReadonlyArray<UnheardEvent> => {
  const latest = [...transaction.rows(tables.events)].toSorted((a, b) => ascending(b.id, a.id)).slice(0, sample)
  return [...Map.groupBy(latest, ({ eventName }) => eventName)]
    .filter(([eventName]) => tables.interestedIn(transaction, eventName).length === 0)
    .map(([eventName, events]) => ({
      eventName,
      count: events.length,
      lastAt: new Date(Math.max(...events.map(({ createdAt }) => createdAt.getTime())))
    }))
    .toSorted((a, b) => b.count - a.count || ascending(a.eventName, b.eventName))
    .slice(0, 50)
}

export const layer: Layer.Layer<DiagnosisStore, never, MemoryTables> = Layer.effect(
  DiagnosisStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { database, replicas } = tables
    return DiagnosisStore.of({
      version: noDatabase,
      server: noDatabase,
      session: noDatabase,
      transactions: () => noDatabase,
      tables: noDatabase,
      deviations: noDatabase,
      consumers: database.read((transaction, now) => consumers(tables, transaction, now)),
      unheard: (sample) => database.read((transaction) => unheard(tables, transaction, sample)),
      processes: (silentMillis) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          [...replicas]
            .filter(([, { lastSeenAt, stoppedAt }]) => stoppedAt === null && lastSeenAt > now - silentMillis)
            .map(([id, { served }]) => ({ id, host: null, pid: process.pid, served }))
            .toReversed()
        ),
      bounded: (look) => look
    })
  })
)
