/**
 * What a consumer's options and the settings come to: limits, rules of retrying, and what a claim asks for.
 *
 * @internal
 */
import { Duration, Effect } from "effect"
import { type Consumer, orderOf, type Retryable } from "../model/Consumer.ts"
import type * as RetryPolicy from "../model/RetryPolicy.ts"
import type { Values } from "../settings/Settings.ts"
import type { ClaimRequest } from "../stores/delivery.ts"
import type { Engine } from "./engine.ts"

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

/** The rules of one consumer, from its own options and the settings. */
export interface Rules extends RetryPolicy.Rules {
  readonly retryable: Readonly<Record<string, Retryable>> | undefined
}
