/**
 * What the parts of the processor share.
 *
 * @internal
 */
import type { Deferred, Effect, PartitionedSemaphore, Semaphore } from "effect"
import type { Isolation } from "../model/Consumer.ts"
import type { Settings } from "../settings/Settings.ts"
import type { AuditStore } from "../stores/AuditStore.ts"
import type { DeadLetterStore } from "../stores/DeadLetterStore.ts"
import type { Claimed, Leased, Settlement } from "../stores/Delivery.ts"
import type { InboxStore } from "../stores/InboxStore.ts"
import type { OperationStore } from "../stores/OperationStore.ts"
import type { OutboxStore } from "../stores/OutboxStore.ts"
import type { ReplicaStore } from "../stores/ReplicaStore.ts"
import type { SqlCapabilities } from "../stores/SqlCapabilities.ts"
import type { StatisticStore } from "../stores/StatisticStore.ts"
import type { SubscriptionStore } from "../stores/SubscriptionStore.ts"
import type { StatisticSums } from "../stores/statisticSums.ts"
import type { Transactor } from "../stores/Transactor.ts"
import type { Meters } from "../telemetry/meters.ts"
import type { TraceRelation, TracingOptions } from "../telemetry/tracing.ts"
import type { Broadcast } from "../wakeups/Broadcast.ts"
import type { Notifier } from "../wakeups/Notifier.ts"
import type { FailureWindow } from "./failureWindow.ts"
import type { Registry } from "./Registry.ts"

export interface Engine {
  readonly inbox: InboxStore["Service"]
  readonly outbox: OutboxStore["Service"]
  readonly subscriptions: SubscriptionStore["Service"]
  readonly replicas: ReplicaStore["Service"]
  readonly statistics: StatisticStore["Service"]
  /** What is added up for them; undefined: nothing is. */
  readonly sums: StatisticSums | undefined
  readonly deadLetters: DeadLetterStore["Service"]
  readonly operations: OperationStore["Service"]
  readonly audit: AuditStore["Service"]
  readonly transactor: Transactor["Service"]
  readonly registry: Registry["Service"]
  readonly notifier: Notifier["Service"]
  readonly broadcast: Broadcast
  readonly settings: Settings["Service"]
  readonly capabilities: SqlCapabilities
  /** Transactions of batches that may run at once, shared fairly between consumers. */
  readonly permits: PartitionedSemaphore.PartitionedSemaphore<string>
  readonly incident: Incident
  readonly recovery: Recovery
  /** By consumer: `PollResult.passedOver` of the last poll. */
  readonly passedOver: Map<string, number>
  readonly leases: Leases
  readonly errors: ErrorNotes
  /** By consumer that has a brake: which of its attempts failed here lately. */
  readonly failures: Map<string, FailureWindow>
  /** Milliseconds for durations: see `steadyMillis`. */
  readonly now: Effect.Effect<number>
  /** Age at which a batch is committed with what it has, in milliseconds. */
  readonly maxBatchTimeMillis: number
  /** Whether a worker may claim its next batch before the last is committed: see `workers/pipeline.ts`. */
  readonly canPipeline: boolean
  /** What shares a transaction, for consumers that do not say: see `isIsolated` of `consumerRules.ts`. */
  readonly isolation: Isolation
  /** What is counted, and how runs of handlers are traced, which the engine's own statements are not. */
  readonly telemetry: TracingOptions & {
    /** Id of the process. */
    readonly clientId: string
    /** Whether tracing is on where the processor was built. */
    readonly isEnabled: boolean
    readonly meters: Meters
    /** Whether claims and settlements have spans. */
    readonly traceOperations: boolean
    readonly traceRelation: TraceRelation
  }
}

export { untraced } from "../telemetry/tracing.ts"

export interface Leases {
  /**
   * Renews a lease of so many milliseconds until `untrack`. The result is completed when somebody else has the delivery, or
   * nobody.
   */
  readonly track: (row: Leased, leaseMillis: number) => Effect.Effect<Deferred.Deferred<void>>
  readonly untrack: (token: string) => Effect.Effect<void>
  /** Whether it is renewed by this process. */
  readonly isTracked: (token: string) => boolean
  /** Counts an attempt from before its lease is there until `end`. */
  readonly begin: (attempt: object) => Effect.Effect<void>
  readonly end: (attempt: object) => Effect.Effect<void>
  /** Whether an attempt is under way. */
  readonly isBusy: () => boolean
  /** Waits until none is. */
  readonly idle: Effect.Effect<void>
}

export interface ErrorNotes {
  /** Takes note of deliveries that were not processed, after that was committed: those that failed count for their groups. */
  readonly note: (
    others: ReadonlyArray<{ readonly row: Claimed; readonly settlement: Settlement }>
  ) => Effect.Effect<void>
  /** Adds what was gathered to the groups now. */
  readonly write: Effect.Effect<void>
}

export interface Recovery {
  /** Runs attempts in recovery of one consumer one after the other, beside those of others. */
  readonly shared: (consumer: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Runs an attempt beside others that are not exclusive. */
  readonly beside: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Runs an attempt in recovery while no other such attempt runs in this process. */
  readonly exclusive: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Consumers that were recovering at their last claim. */
  readonly recovering: Set<string>
  /** Consumers of which a connection ended in the middle of a batch, until that is known to everybody. */
  readonly lostConnections: Set<string>
  /** How many deliveries a batch of a consumer may hold, as it is recorded. */
  readonly recordedBatches: Map<string, number>
  /** Held by who records what is served here. */
  readonly recording: Semaphore.Semaphore
}

export interface Incident {
  /**
   * Repeats one round of a loop until it succeeds: after 100 ms, then twice as long, at most 5 s. A lost connection
   * inside a transaction is a defect, so defects are repeated too. Interruption ends it.
   */
  readonly survive: <A, E, R>(round: Effect.Effect<A, E, R>) => Effect.Effect<A, never, R>
}
