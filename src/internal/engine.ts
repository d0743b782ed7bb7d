/**
 * What the parts of the processor share.
 *
 * @internal
 */
import { Duration, Effect, type PartitionedSemaphore } from "effect"
import type { Broadcast } from "../Broadcast.ts"
import { type Consumer, type OnDeadLetter, orderingOf } from "../Consumer.ts"
import type { ClaimRequest, InboxStore } from "../InboxStore.ts"
import type { Notifier } from "../Notifier.ts"
import type { OutboxStore } from "../OutboxStore.ts"
import type { Registry } from "../Registry.ts"
import type { ReplicaStore } from "../ReplicaStore.ts"
import type { Settings, Values } from "../Settings.ts"
import type { SqlCapabilities } from "../SqlCapabilities.ts"
import type { SubscriptionStore } from "../SubscriptionStore.ts"
import type { Transactor } from "../Transactor.ts"
import type { Care } from "./care.ts"
import type { Incident } from "./incident.ts"
import type { Leases } from "./leases.ts"
import type { RollUp } from "./rollUp.ts"
import type { Rules } from "./verdict.ts"

export interface Engine {
  readonly inbox: InboxStore["Service"]
  readonly outbox: OutboxStore["Service"]
  readonly subscriptions: SubscriptionStore["Service"]
  readonly replicas: ReplicaStore["Service"]
  readonly transactor: Transactor["Service"]
  readonly registry: Registry["Service"]
  readonly notifier: Notifier["Service"]
  readonly broadcast: Broadcast
  readonly settings: Settings["Service"]
  readonly capabilities: SqlCapabilities
  /** Transactions of batches that may run at once, shared fairly between consumers. */
  readonly permits: PartitionedSemaphore.PartitionedSemaphore<string>
  readonly rollUp: RollUp
  readonly incident: Incident
  readonly care: Care
  readonly leases: Leases
  /** Milliseconds of this process's clock, for durations. */
  readonly now: Effect.Effect<number>
  /** Age at which a batch is committed with what it has, in milliseconds. */
  readonly maxBatchMillis: number
  /** Whether a worker may claim its next batch before the last is committed: see `relay.ts`. */
  readonly relays: boolean
  /** Each delivery has a transaction of its own, except those of batch handlers. */
  readonly isIsolated: boolean
}

/** What a delivery that gave up does to its successors; undefined for consumers without ordering. */
export const orderOf = (consumer: Consumer): OnDeadLetter | undefined =>
  orderingOf(consumer) === "aggregate" ? (consumer.options.onDeadLetter ?? "park") : undefined

/** What to claim of a consumer. */
export const requestOf = (engine: Engine, consumer: Consumer, maxPosition?: bigint): ClaimRequest => ({
  consumer: consumer.name,
  interest: engine.registry.interestOf(consumer.name),
  onDeadLetter: orderOf(consumer),
  maxPosition
})

/** How long a transaction may be idle: as long as the lease, and as a handler may take with a little more. */
export const idleMillisOf = (consumer: Consumer, settings: Values): number =>
  Math.max(settings.processingLeaseMs, timeoutOf(consumer, settings) * 1.25)

/** How long a statement of a batch may wait for a lock, in milliseconds, before the batch gives way. */
const batchLockWait = 10

/**
 * The same for a single delivery: twice as long with every repeat, then as long as the database lets it. Two handlers
 * that lock the same rows in opposite order would else wait for PostgreSQL's deadlock check, a second each time.
 */
const singleLockWait = (repeats: number) => (repeats < 5 ? 50 * 2 ** repeats : undefined)

/** A claim for handlers that run in its transaction, which ends when it is idle for too long. */
export const handledClaimOf = (
  engine: Engine,
  consumer: Consumer,
  { maxPosition, repeats = 0 }: { readonly maxPosition?: bigint | undefined; readonly repeats?: number } = {}
): Effect.Effect<ClaimRequest> =>
  Effect.map(claimOf(engine, consumer, maxPosition), (request) =>
    engine.capabilities.lockTimeout
      ? { ...request, lockWait: { one: singleLockWait(repeats), several: batchLockWait } }
      : request
  )

/** A claim, whose transaction ends when it is idle for too long. */
export const claimOf = (engine: Engine, consumer: Consumer, maxPosition?: bigint): Effect.Effect<ClaimRequest> =>
  Effect.map(engine.settings.current, (settings) => ({
    ...requestOf(engine, consumer, maxPosition),
    idleMillis: engine.capabilities.lockTimeout ? idleMillisOf(consumer, settings) : undefined
  }))

/** The handler's timeout of a consumer, in milliseconds: below the lease, so that it ends first. */
export const timeoutOf = (consumer: Consumer, settings: Values): number =>
  consumer.options.timeout === undefined
    ? Math.floor(settings.processingLeaseMs * 0.8)
    : Duration.toMillis(consumer.options.timeout)

const millisOr = (given: Duration.Input | undefined, setting: number) =>
  given === undefined ? setting : Duration.toMillis(given)

export const rulesOf = ({ options }: Consumer, settings: Values): Rules => ({
  maxAttempts: options.maxAttempts ?? settings.maxAttempts,
  baseMillis: millisOr(options.retryBaseDelay, settings.retryBaseDelayMs),
  maxMillis: millisOr(options.retryMaxDelay, settings.retryMaxDelayMs),
  jitter: options.retryJitter ?? settings.retryJitterPercent / 100,
  schedule: options.retrySchedule,
  retryable: options.retryable,
  deadLetters: settings.deadLetterEnabled
})

/** Deliveries a worker's first batch claims. */
export const firstBatch = (consumer: Consumer, settings: Values): number =>
  consumer.options.batchSize ?? settings.batchSize

/** Spans of the engine's own statements would drown those of the application. */
export const untraced = Effect.withTracerEnabled(false)
