/**
 * Consumers: durable names with one mailbox each, the unit of idempotency, concurrency, retry and dead letters.
 *
 * @since 0.1.0
 */
import { DateTime, type Duration, Option, type Schedule } from "effect"

/**
 * `none`: deliveries come roughly in the order of publishing, several at once with `concurrency`, retries later.
 * `aggregate`: the deliveries of one aggregate come in publish order, one at a time across all processes; those of
 * different aggregates side by side.
 *
 * @since 0.1.0
 */
export type Ordering = "none" | "aggregate"

/** What a delivery that gave up does to the later ones of its aggregate. @since 0.1.0 */
export type OnDeadLetter = "park" | "continue"

/** What a delivery whose event was put off does to the later ones of its aggregate until it is due. @since 0.1.0 */
export type Delayed = "hold" | "pass"

/**
 * Options of a consumer. What is not given follows `Settings`.
 *
 * @since 0.1.0
 */
export interface Options {
  /**
   * Fibers that drain the mailbox in this process, 1 to 100. Default 1. So many handlers run at once while there is work;
   * transactional ones hold a connection each, of the half of the pool that all batches of a process share.
   */
  readonly concurrency?: number
  /**
   * Attempts before a delivery is a dead letter, at least 1. Default: setting `maxAttempts` (3). With `mode: "leased"` the end of
   * a process uses one of each delivery it had in hand: with 1, all of those are dead letters then.
   */
  readonly maxAttempts?: number
  /** Delay after the first failure; doubles with each further one. Default: setting `retryBaseDelayMs` (1 second). */
  readonly retryBaseDelay?: Duration.Input
  /** Longest delay between two attempts. Default: setting `retryMaxDelayMs` (1 hour). */
  readonly retryMaxDelay?: Duration.Input
  /**
   * Share of a delay, from 0 to 1, by which it may be shortened at random. Default: setting `retryJitterPercent` (none).
   */
  readonly retryJitter?: number
  /**
   * Delays of its own instead of the exponential ones. It is driven by the number of failures alone, which is durable:
   * after failure k it is replayed k steps, with no input. Where it ends, the delivery gives up; `maxAttempts` and
   * `retryMaxDelay` hold as well.
   */
  readonly retrySchedule?: Schedule.Schedule<unknown>
  /**
   * Errors that retrying cannot help, by `_tag` (or `name`): `false`, or a function of the error that says whether it
   * can. What is not named is retried. One that is not retried makes a dead letter at once.
   */
  readonly retryable?: Readonly<Record<string, Retryable>>
  /**
   * Share of attempts, from 0 to below 1, that may fail. When more do, the consumer is paused in all processes, with the reason
   * (`ConsumerState.pauseReason`), and that is logged once as an error; `Processor.resume` ends it, and counting begins anew.
   * Each process counts the attempts it has made itself, as far as they ended within `failureWindow`, and only once there are
   * `failureMinAttempts`. An attempt counts as failed by the fault of its handler or payload; one that is given back or stands in
   * the way of others does not count, nor does one whose process has ended. Default: none, it is never paused by itself.
   */
  readonly maxFailureRate?: number
  /** With `maxFailureRate`: attempts that there have to be before it means anything, 1 to 1,000,000. Default 20. */
  readonly failureMinAttempts?: number
  /** With `maxFailureRate`: for how long an attempt counts, at most a day. Default 1 minute. */
  readonly failureWindow?: Duration.Input
  /**
   * How long one attempt of a handler may take, at most 19 days. Default: 80 % of setting `processingLeaseMs` (24 seconds). With
   * `mode: "leased"` it may be longer than the lease, which is renewed.
   *
   * It also bounds how long a process that lives, but gives no sign of life (frozen, cut off, or a handler holds its event loop),
   * keeps a delivery, in both modes: 1.25 times as long, or `processingLeaseMs` if that is longer.
   */
  readonly timeout?: Duration.Input
  /**
   * Deliveries a worker's first batch claims, 1 to 500; it grows from there. Default: setting `batchSize` (10). Of several
   * workers, each begins with one.
   */
  readonly batchSize?: number
  /**
   * In what order deliveries come. Default `none`. `aggregate` holds for publishers that serialize on the aggregate (a
   * row lock, a version): positions of concurrent transactions have no order. What waits for its retry holds up its
   * aggregate, and so does what was published with `delay` or `availableAt`: see `delayed`.
   */
  readonly ordering?: Ordering
  /**
   * With `ordering: "aggregate"`: whether the deliveries of an aggregate wait (`park`, default) when one of them gave
   * up, until it is requeued or discarded, or go on without it (`continue`).
   */
  readonly onDeadLetter?: OnDeadLetter
  /**
   * With `ordering: "aggregate"`: whether the deliveries of an aggregate wait (`hold`, default) for one that was published
   * before them with `delay` or `availableAt`, until it is due and through, or go on (`pass`). Then it takes its place when it
   * is due: before all that were published after it and are still open. Once attempted, it holds up its aggregate in either
   * case.
   */
  readonly delayed?: Delayed
  /**
   * What it is given of the events that were stored before it first subscribed to them: nothing (`now`, default), all that
   * are kept (`beginning`), or those stored at a time or later. It counts once, when a subscription is new. An ordered
   * consumer begins when it has been given all of them. Times have milliseconds: the `timestamp` of a stored event names
   * all events of its millisecond, also those before it.
   */
  readonly startFrom?: StartFrom
  /**
   * What shares a transaction: see `Isolation`. Default `batch`. Not with `mode: "leased"`, whose deliveries are handled
   * outside of any transaction.
   */
  readonly isolation?: Isolation
  /** How deliveries are held while they are handled: see `Mode`. Default `transactional`; for promise handlers `leased`. */
  readonly mode?: Mode
}

/**
 * `transactional`: claim, handler and mark share a transaction, so effects in the database happen exactly once.
 * `leased`: for effects outside the database (mail, HTTP), at least once. One delivery per worker is claimed for
 * `processingLeaseMs`, its attempt counted there, and handled outside of any transaction while heartbeats renew the lease.
 * What the handler publishes and links is written with the mark of the delivery, if the lease still holds.
 *
 * @since 0.1.0
 */
export type Mode = "transactional" | "leased"

/**
 * `batch`: deliveries that are claimed together are handled in one transaction, one after the other. What a handler sets
 * for its transaction (`set_config(…, true)`, `SET LOCAL`), and the locks it takes, are there for those after it, and its
 * neighbours run again when one of them fails.
 * `delivery`: each delivery has a transaction of its own. It costs most of the throughput of short handlers; a batch handler
 * gets one event per call.
 *
 * @since 0.1.0
 */
export type Isolation = "batch" | "delivery"

/** Where a consumer begins that comes late. @since 0.1.0 */
export type StartFrom = "now" | "beginning" | DateTime.DateTime.Input

/** Whether an error can go away by retrying. @since 0.1.0 */
// biome-ignore lint/suspicious/noExplicitAny: the error's type follows from its tag, which only the user knows
export type Retryable = boolean | ((error: any) => boolean)

/** Made with `make`; share the value between subscribers. @since 0.1.0 */
export interface Consumer {
  readonly name: string
  readonly options: Options
}

/**
 * Declares a consumer. Names and options are checked when a subscriber of it is registered.
 *
 * @param name - 1 to 255 characters, for example `operations.tasks`. It is durable: renaming it makes a new consumer
 *
 * @since 0.1.0
 */
export const make = (name: string, options: Options = {}): Consumer => ({ name, options })

/** The consumer itself, or one with default options for a name. @since 0.1.0 */
export const from = (consumer: Consumer | string): Consumer =>
  typeof consumer === "string" ? make(consumer) : consumer

/** Largest batch: more gains nothing (`npm run bench -- drainNothing`) and holds locks longer. @internal */
export const maxBatchSize = 500

/** A consumer's ordering, with the default filled in. @internal */
export const orderingOf = ({ options }: Consumer): Ordering => options.ordering ?? "none"

/** What a delivery that gave up does to its successors; undefined for consumers without ordering. @internal */
export const onDeadLetterOf = (consumer: Consumer): OnDeadLetter | undefined =>
  orderingOf(consumer) === "aggregate" ? (consumer.options.onDeadLetter ?? "park") : undefined

/** What a delivery that is not due yet does to its successors; without ordering it does not matter. @internal */
export const delayedOf = ({ options }: Consumer): Delayed => options.delayed ?? "hold"

/** From when on a new subscription is given earlier events; undefined for not at all. @internal */
export const startOf = ({ options: { startFrom } }: Consumer): Date | "beginning" | undefined => {
  if (startFrom === undefined || startFrom === "now" || startFrom === "beginning") {
    return startFrom === "beginning" ? startFrom : undefined
  }
  return Option.getOrUndefined(Option.map(DateTime.make(startFrom), DateTime.toDateUtc))
}

/** Whether its deliveries are leased. @internal */
export const isLeased = ({ options }: Consumer): boolean => options.mode === "leased"
