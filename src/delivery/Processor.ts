/**
 * Delivers events to consumers: workers, poller, and the operations an application or a test asks for.
 *
 * @since 0.1.0
 */
import { Context, Duration, Effect, Layer, type Scope } from "effect"
import type { InvalidOption } from "../errors/DeclarationErrors.ts"
import type { ConsumerNotFound, ConsumerStillServed, EventNotFound, NotSettled } from "../errors/OperationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"
import type { Settings } from "../settings/Settings.ts"
import type { AuditStore } from "../stores/AuditStore.ts"
import type { DeadLetterStore } from "../stores/DeadLetterStore.ts"
import type { Delivery } from "../stores/Delivery.ts"
import type { ErrorGroupStore } from "../stores/ErrorGroupStore.ts"
import type { InboxStore } from "../stores/InboxStore.ts"
import type { OperationStore } from "../stores/OperationStore.ts"
import type { OutboxStore } from "../stores/OutboxStore.ts"
import type { Replica, ReplicaStore } from "../stores/ReplicaStore.ts"
import type { StatisticStore } from "../stores/StatisticStore.ts"
import type { ConsumerState, SubscriptionStore, Unserved } from "../stores/SubscriptionStore.ts"
import type { Transactor } from "../stores/Transactor.ts"
import type { Notifier } from "../wakeups/Notifier.ts"
import type { Liveness } from "./Liveness.ts"
import * as Gauges from "./maintenance/gauges.ts"
import * as Maintenance from "./maintenance/maintenance.ts"
import * as Operations from "./maintenance/operations.ts"
import * as Poller from "./maintenance/poller.ts"
import * as Statistics from "./maintenance/statistics.ts"
import { makeEngine } from "./makeEngine.ts"
import { allSettled, settled } from "./onRequest/awaitSettled.ts"
import * as Drain from "./onRequest/drain.ts"
import { livenessOf, type Progress } from "./onRequest/liveness.ts"
import { type SetPaused, setPaused } from "./onRequest/pause.ts"
import { type Options as RetireOptions, retire } from "./onRequest/retire.ts"
import { serveWith } from "./onRequest/serve.ts"
import { makeStats } from "./onRequest/stats.ts"
import { defaultBatches, type Options } from "./processorOptions.ts"
import type { RegistrationError, Registry } from "./Registry.ts"
import type { Retired } from "./Retired.ts"
import { keepRecorded } from "./recovery/served.ts"
import type { Stats } from "./Stats.ts"
import * as Workers from "./workers/workers.ts"

/** Why subscribers could not be served. @since 0.1.0 */
export type ServeError = RegistrationError

/** Whether what delivers is alive. @since 0.1.0 */
export type { Liveness } from "./Liveness.ts"

/** What `Processor.retire` is asked. @since 0.1.0 */
export type { Options as RetireOptions } from "./onRequest/retire.ts"
/** Options of the processor that are not settings. @since 0.1.0 */
export type { Options } from "./processorOptions.ts"
/** What `Processor.retire` did or found. @since 0.1.0 */
export type { Retired } from "./Retired.ts"

const make = Effect.fnUntraced(function* (options: Options) {
  const engine = yield* makeEngine(options)
  yield* keepRecorded(engine)
  yield* Gauges.make(engine)
  // Before the workers: what they count is written when they have ended.
  yield* Statistics.make(engine)
  const maintenance = yield* Maintenance.make(engine)
  yield* Operations.make(engine)
  const poller = yield* Poller.make(engine, maintenance)
  const workers = yield* Workers.make(engine, {
    grace: Duration.fromInputUnsafe(options.shutdownGracePeriod ?? "10 seconds")
  })
  const startupDrainTimeout = Duration.fromInputUnsafe(options.startupDrainTimeout ?? "1 minute")
  const progress: Progress = { starting: 0, ending: 0, isStopping: false }
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      progress.isStopping = true
    })
  )
  const { maxConcurrentBatches = defaultBatches } = options
  return Processor.of({
    serve: serveWith(engine, workers, poller, progress, startupDrainTimeout),
    processBatch: Drain.oneBatch(engine, poller),
    pollNow: poller.nudge,
    processBatchOf: (batchSize) => Drain.oneBatch(engine, poller, batchSize),
    startupDrain: Drain.untilNow(engine),
    drain: Effect.andThen(maintenance.backfillAll, Drain.everything(engine, poller)),
    settled: ((eventId: string, options: { readonly timeout?: Duration.Input } = {}) =>
      settled(engine, eventId, options)) as Processor["Service"]["settled"],
    allSettled: (consumers) => allSettled(engine, consumers),
    stats: makeStats(engine),
    pause: setPaused(engine, true),
    resume: setPaused(engine, false),
    consumers: engine.subscriptions.consumers,
    replicas: engine.replicas.all,
    unserved: Maintenance.unserved(engine),
    removeExpired: maintenance.removeExpired,
    flush: Effect.andThen(engine.errors.write, engine.sums?.write ?? Effect.void),
    liveness: livenessOf(engine, { poller, workers, progress, maxConcurrentBatches }),
    retire: (consumer, retireOptions = {}) => retire(engine, consumer, retireOptions)
  })
})

/**
 * Delivers events. Operations that read or write fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class Processor extends Context.Service<
  Processor,
  {
    /**
     * Registers subscribers, drains what was due at the start (up to `startupDrainTimeout`), and runs their consumers'
     * workers until the scope closes: see `Subscriber.layer`.
     */
    readonly serve: (subscribers: ReadonlyArray<Subscriber>) => Effect.Effect<void, ServeError, Scope.Scope>
    /**
     * One batch of up to `batchSize` due deliveries for each consumer of this process. Returns how many deliveries were
     * settled, or put off after a failed attempt.
     */
    readonly processBatch: Effect.Effect<number, StoreError>
    /** Polls at once, rather than at the end of the interval: gives events that plain SQL inserted to their consumers, and wakes who has work. */
    readonly pollNow: Effect.Effect<void>
    /** Same as `processBatch`, with another size of a batch: from 1 to 500. */
    readonly processBatchOf: (batchSize: number) => Effect.Effect<number, StoreError>
    /**
     * Handles what is due now for the consumers of this process, starting with batches of `startupDrainBatchSize`, up
     * to the newest event there is now. Returns how many deliveries were settled or put off.
     */
    readonly startupDrain: Effect.Effect<number, StoreError>
    /**
     * Gives new consumers what was published around their registration and is committed, and late ones the events they asked
     * for, and runs until nothing is due for the consumers of this process,
     * including what their handlers publish. Retries that
     * are due later are not waited for. Returns how many deliveries were settled or put off by this call.
     */
    readonly drain: Effect.Effect<number, StoreError>
    /**
     * Waits until every delivery of an event is settled: processed, skipped, a dead letter, or failed for good. Returns
     * them by consumer name; at once and empty for an event without consumers.
     *
     * @param options.timeout - how long to wait; default for ever
     *
     * Fails with `EventNotFound`; with a `timeout` also with `NotSettled`, which names who is waited for and why, and
     * `InvalidOption`.
     */
    readonly settled: {
      (eventId: string): Effect.Effect<ReadonlyArray<Delivery>, EventNotFound | StoreError>
      (
        eventId: string,
        options: { readonly timeout?: Duration.Input }
      ): Effect.Effect<ReadonlyArray<Delivery>, EventNotFound | InvalidOption | NotSettled | StoreError>
    }
    /**
     * Waits until no delivery of these consumers is open, whichever processes handle them: also what waits for its retry or its
     * time, is parked, or whose consumer is paused. Handles nothing itself: see `drain`.
     *
     * @param consumers - names; default those of this process
     *
     * Fails with `ConsumerNotFound` for a name that no consumer ever had.
     */
    readonly allSettled: (consumers?: ReadonlyArray<string>) => Effect.Effect<void, ConsumerNotFound | StoreError>
    /**
     * Counts of events by status, deliveries by consumer and state, and handlers; what is to be handled still, with what is
     * retried and parked apart, and what waits for consumers that nobody serves. With more than 100,000 events or deliveries,
     * what is finished is not counted but told from statistics: `finished` says how far those go.
     */
    readonly stats: Effect.Effect<Stats, StoreError>
    /**
     * Durably stops the delivery to a consumer, in every process: attempts that are running end, nothing further is
     * claimed until `resume`. Events go on being kept for it. Fails with `ConsumerNotFound`. Pausing twice is pausing.
     * `options.reason` is for the audit.
     */
    readonly pause: SetPaused
    /**
     * Ends a pause. This process goes on at once, others within one poll. Fails with `ConsumerNotFound`.
     */
    readonly resume: SetPaused
    /** All consumers that ever subscribed, by name: whether they are paused, and when they were last served. */
    readonly consumers: Effect.Effect<ReadonlyArray<ConsumerState>, StoreError>
    /**
     * Subscriptions for which no process that runs has a handler now, as after a subscriber was removed or renamed, or its
     * layer closed; also those that a process which is only starting has not come to yet. What waits for them is kept; when
     * it goes on for five minutes, it is also said in a warning. Also what is open
     * without a subscription, by the event's name: a publish that was under way while its consumer was retired.
     */
    readonly unserved: Effect.Effect<ReadonlyArray<Unserved>, StoreError>
    /**
     * Removes now what the settings `retentionHours` and `deadLetterRetentionHours` say, which processes also do by
     * themselves. Returns how many events.
     */
    readonly removeExpired: Effect.Effect<number, StoreError>
    /** Whether what delivers in this process is alive; the store is not asked. See `Health`. */
    readonly liveness: Effect.Effect<Liveness>
    /**
     * Writes what this process has gathered of figures and failures now, for who is about to read them: by itself it does so every ten
     * seconds. What cannot be written is kept for the next time.
     */
    readonly flush: Effect.Effect<void>
    /** Processes that run, and those of the last day that ended: in good order, or without a word. */
    readonly replicas: Effect.Effect<ReadonlyArray<Replica>, StoreError>
    /**
     * Ends durable subscriptions of a consumer that is not served any more: the one for `event`, or all.
     *
     * @param options.event - the name or pattern as it was subscribed; default all of the consumer's
     * @param options.open - `list` (default): when deliveries are open, change nothing and return them; `skip`: end the
     * subscriptions and mark open deliveries `skipped`
     * @param options.force - end it although a process has a handler for it, which is given nothing more until it starts
     * again, and subscribes anew; default false
     *
     * Fails with `ConsumerStillServed`, which says where, when a process that runs has a handler for it; one that has given
     * no sign of life for two and a half times `idlePollingIntervalMs` and five seconds does not count.
     */
    readonly retire: (
      consumer: string,
      options?: RetireOptions
    ) => Effect.Effect<Retired, ConsumerStillServed | StoreError>
  }
>()("effect-integration/Processor") {
  /** @since 0.1.0 */
  static readonly layer = (
    options: Options = {}
  ): Layer.Layer<
    Processor,
    StoreError,
    | ErrorGroupStore
    | InboxStore
    | OutboxStore
    | ReplicaStore
    | StatisticStore
    | SubscriptionStore
    | Transactor
    | Registry
    | Notifier
    | Settings
    | AuditStore
    | DeadLetterStore
    | OperationStore
  > => Layer.effect(Processor, make(options))
}
