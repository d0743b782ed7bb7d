/**
 * What a consumer's options and the settings come to: limits, rules of retrying, and what a claim asks for. Computed once
 * for a round, and handed down.
 *
 * @internal
 */
import { Duration } from "effect"
import {
  type Consumer,
  type Delayed,
  delayedOf,
  type OnDeadLetter,
  onDeadLetterOf,
  type Retryable
} from "../model/Consumer.ts"
import type * as RetryPolicy from "../model/RetryPolicy.ts"
import type { Values } from "../settings/Settings.ts"
import type { ClaimRequest } from "../stores/Delivery.ts"
import type { Engine } from "./engine.ts"

/** When a delivery that failed is tried again, and when it gives up. */
export interface RetryRules extends RetryPolicy.Rules {
  readonly retryable: Readonly<Record<string, Retryable>> | undefined
}

/** The rules of one consumer, from its own options and the settings. */
export interface ConsumerRules {
  /** What a delivery that gave up does to its successors; undefined without ordering. */
  readonly onDeadLetter: OnDeadLetter | undefined
  /** What a delivery that is not due yet does to its successors, with ordering. */
  readonly delayed: Delayed
  /** How long a handler may take, in milliseconds: below the lease by default, so that it ends first. */
  readonly timeoutMillis: number
  /**
   * How long a process that gives no sign of life keeps a delivery, in a transaction or by a lease, in milliseconds: as long as
   * the lease, and as a handler may take with a quarter more.
   */
  readonly idleMillis: number
  /** How long a delivery is kept from others, in milliseconds: the setting of that name. */
  readonly processingLeaseMs: number
  /** Deliveries a worker's first batch claims. */
  readonly firstBatch: number
  readonly retry: RetryRules
}

/** When a consumer is paused because too many of its attempts fail. */
export interface BrakeRules {
  /** Share of attempts that may fail. */
  readonly maxRate: number
  readonly minAttempts: number
  /** For how long an attempt counts. */
  readonly windowMillis: number
}

/** Undefined for one that is never paused by itself. */
export const brakeRulesOf = ({ options }: Consumer): BrakeRules | undefined =>
  options.maxFailureRate === undefined
    ? undefined
    : {
        maxRate: options.maxFailureRate,
        minAttempts: options.failureMinAttempts ?? 20,
        windowMillis: millisOr(options.failureWindow, 60_000)
      }

const millisOr = (given: Duration.Input | undefined, setting: number) =>
  given === undefined ? setting : Duration.toMillis(given)

const retryRulesOf = ({ options }: Consumer, settings: Values): RetryRules => ({
  maxAttempts: options.maxAttempts ?? settings.maxAttempts,
  baseMillis: millisOr(options.retryBaseDelay, settings.retryBaseDelayMs),
  maxMillis: millisOr(options.retryMaxDelay, settings.retryMaxDelayMs),
  jitter: options.retryJitter ?? settings.retryJitterPercent / 100,
  schedule: options.retrySchedule,
  retryable: options.retryable,
  deadLetters: settings.deadLetterEnabled
})

/** How long a handler may take unless its consumer says so: below the lease. */
export const defaultTimeoutMillis = (processingLeaseMs: number) => Math.floor(processingLeaseMs * 0.8)

export const rulesFor = (consumer: Consumer, settings: Values): ConsumerRules => {
  const { processingLeaseMs } = settings
  const timeoutMillis = millisOr(consumer.options.timeout, defaultTimeoutMillis(processingLeaseMs))
  return {
    onDeadLetter: onDeadLetterOf(consumer),
    delayed: delayedOf(consumer),
    timeoutMillis,
    idleMillis: Math.max(processingLeaseMs, timeoutMillis * 1.25),
    processingLeaseMs,
    firstBatch: consumer.options.batchSize ?? settings.batchSize,
    retry: retryRulesOf(consumer, settings)
  }
}

/**
 * Whether each delivery of a consumer has a transaction of its own: as it says itself; else as the process does, but for
 * batch handlers.
 */
export const isIsolated = ({ isolation, registry }: Engine, { name, options }: Consumer): boolean =>
  options.isolation === undefined
    ? isolation === "delivery" && !registry.isBatched(name)
    : options.isolation === "delivery"

/** Which of a consumer's deliveries are asked for: by default, all. */
type Bounds = Pick<ClaimRequest, "maxPosition" | "dueSince">

/** What to claim of a consumer. */
export const requestOf = (
  engine: Engine,
  consumer: Consumer,
  { dueSince, maxPosition }: Bounds = {}
): ClaimRequest => ({
  consumer: consumer.name,
  interest: engine.registry.interestOf(consumer.name),
  onDeadLetter: onDeadLetterOf(consumer),
  delayed: delayedOf(consumer),
  maxPosition,
  dueSince
})

/** For whom something is claimed. */
interface Claimant extends Bounds {
  readonly consumer: Consumer
  readonly rules: ConsumerRules
}

/** A claim, whose transaction ends when it is idle for too long. */
export const claimOf = (engine: Engine, claimant: Claimant): ClaimRequest => ({
  ...requestOf(engine, claimant.consumer, claimant),
  idleMillis: engine.capabilities.lockTimeout ? claimant.rules.idleMillis : undefined
})

/** How long a statement of a batch may wait for a lock, in milliseconds, before the batch gives way. */
const batchLockWait = 10

/**
 * How long a statement of a single delivery may wait for a lock: twice as long with every repeat, then as long as the
 * database lets it. Two handlers that lock the same rows in opposite order would else wait for PostgreSQL's deadlock
 * check, a second each time.
 */
const singleLockWait = (repeats: number) => (repeats < 5 ? 50 * 2 ** repeats : undefined)

/**
 * A claim for handlers that run in its transaction, whose statements wait for locks only so long.
 *
 * @param repeats - how often a single delivery has been repeated because other transactions stood in its way
 */
export const handledClaimOf = (engine: Engine, claimant: Claimant, repeats = 0): ClaimRequest => {
  const request = claimOf(engine, claimant)
  return engine.capabilities.lockTimeout
    ? { ...request, lockWait: { one: singleLockWait(repeats), several: batchLockWait } }
    : request
}
