/**
 * Delivers events to consumers: workers, poller, and the operations an application or a test asks for.
 *
 * @since 0.1.0
 */
import { Context, Duration, Effect, Layer, PartitionedSemaphore, References, type Scope } from "effect"
import type { InvalidOption } from "../errors/DeclarationErrors.ts"
import type { ConsumerNotFound, ConsumerStillServed, EventNotFound, NotSettled } from "../errors/OperationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Isolation } from "../model/Consumer.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"
import { Settings } from "../settings/Settings.ts"
import type { Delivery } from "../stores/Delivery.ts"
import type { ErrorGroupStore } from "../stores/ErrorGroupStore.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import { OutboxStore } from "../stores/OutboxStore.ts"
import { type Replica, ReplicaStore } from "../stores/ReplicaStore.ts"
import { SqlCapabilities } from "../stores/SqlCapabilities.ts"
import { StatisticStore } from "../stores/StatisticStore.ts"
import { type ConsumerState, SubscriptionStore, type Unserved } from "../stores/SubscriptionStore.ts"
import { CurrentSums } from "../stores/statisticSums.ts"
import { steadyMillis } from "../stores/steadyMillis.ts"
import { Transactor } from "../stores/Transactor.ts"
import { metersIn } from "../telemetry/meters.ts"
import { Broadcast } from "../wakeups/Broadcast.ts"
import { Notifier } from "../wakeups/Notifier.ts"
import { type Engine, untraced } from "./engine.ts"
import * as Incident from "./incident.ts"
import type { Liveness } from "./Liveness.ts"
import * as Leases from "./leased/heartbeat.ts"
import * as ErrorGroups from "./maintenance/errorGroups.ts"
import * as Gauges from "./maintenance/gauges.ts"
import * as Maintenance from "./maintenance/maintenance.ts"
import * as Poller from "./maintenance/poller.ts"
import * as Statistics from "./maintenance/statistics.ts"
import { allSettled, settled } from "./onRequest/awaitSettled.ts"
import * as Drain from "./onRequest/drain.ts"
import { livenessOf, type Progress } from "./onRequest/liveness.ts"
import { setPaused } from "./onRequest/pause.ts"
import { retire } from "./onRequest/retire.ts"
import { serveWith } from "./onRequest/serve.ts"
import { makeStats } from "./onRequest/stats.ts"
import { type RegistrationError, Registry } from "./Registry.ts"
import type { Retired } from "./Retired.ts"
import * as Recovery from "./recovery/recovery.ts"
import { keepRecorded } from "./recovery/served.ts"
import type { Stats } from "./Stats.ts"
import * as Workers from "./workers/workers.ts"

/** Why subscribers could not be served. @since 0.1.0 */
export type ServeError = RegistrationError

/** Whether what delivers is alive. @since 0.1.0 */
export type { Liveness } from "./Liveness.ts"

/** What `Processor.retire` did or found. @since 0.1.0 */
export type { Retired } from "./Retired.ts"

/** Options of the processor that are not settings. @since 0.1.0 */
export interface Options {
  /** Transactions of batches that may run at once in this process, at least 1. Default 5, half a pool of ten. */
  readonly maxConcurrentBatches?: number
  /** Age at which a batch is committed with what it has. Default 100 milliseconds. */
  readonly maxBatchTime?: Duration.Input
  /** How long a layer may take to drain what was due before it is ready. Default 1 minute. */
  readonly startupDrainTimeout?: Duration.Input
  /** How long running handlers may take to finish at shutdown before they are interrupted. Default 10 seconds. */
  readonly shutdownGracePeriod?: Duration.Input
  /**
   * What shares a transaction, for consumers whose options do not say. `delivery`: each delivery has its own, except those
   * of batch handlers. Default `batch`.
   */
  readonly isolation?: Isolation
  /**
   * Share of what begins outside of any trace that is traced, from 0 to 1, where there is a tracer; what follows from it is traced or
   * not as it is, and failed attempts always are. Default 1.
   */
  readonly traceSampleRatio?: number
  /**
   * How the span of a run stands to the one that published its event. `link`: it is the root of a trace of its own, linked to it.
   * `parent`: it is its child, in the same trace, unless the run is for several events. Default `link`.
   */
  readonly traceRelation?: "link" | "parent"
  /** Whether each claim and each settlement of a transaction has a span, too: to look into the engine. Default false. */
  readonly traceOperations?: boolean
  /**
   * Version of the application, which groups of errors are kept with: a release, or a commit; cut to 255 characters. Default: `APP_VERSION` of the
   * environment (of the `ConfigProvider`), else none.
   */
  readonly applicationVersion?: string
}

/** Default of `maxConcurrentBatches`. */
const defaultBatches = 5

/** Whether transactions see what was committed before each of their statements, as far as the store can say. */
const readsCommitted = ({ query }: Transactor["Service"]) =>
  untraced(query("SELECT current_setting('default_transaction_isolation') AS isolation", [])).pipe(
    Effect.map(([row]) => (row as { readonly isolation?: unknown } | undefined)?.isolation === "read committed"),
    Effect.orElseSucceed(() => false)
  )

/** What the parts of the processor share, from the services around it. */
const makeEngine = Effect.fnUntraced(function* (options: Options) {
  const outbox = yield* OutboxStore
  const inbox = yield* InboxStore
  const settings = yield* Settings
  const replicas = yield* ReplicaStore
  const transactor = yield* Transactor
  const capabilities = yield* SqlCapabilities
  // Known before anything is claimed, until the last worker has ended.
  yield* Effect.acquireRelease(replicas.join, () =>
    Effect.ignore(Effect.interruptible(Effect.timeoutOption(replicas.leave, "2 seconds")))
  )
  const incident = Incident.make(transactor.reconnect)
  const errors = yield* ErrorGroups.start(options.applicationVersion)
  const engine: Engine = {
    errors,
    inbox,
    outbox,
    subscriptions: yield* SubscriptionStore,
    replicas,
    statistics: yield* StatisticStore,
    sums: yield* CurrentSums,
    broadcast: yield* Broadcast,
    recovery: yield* Recovery.make,
    passedOver: new Map(),
    failures: new Map(),
    leases: yield* Leases.make(inbox, settings),
    now: steadyMillis,
    transactor,
    registry: yield* Registry,
    notifier: yield* Notifier,
    settings,
    capabilities,
    permits: yield* PartitionedSemaphore.make<string>({ permits: options.maxConcurrentBatches ?? defaultBatches }),
    incident,
    isolation: options.isolation ?? "batch",
    canPipeline: !capabilities.singleSession && (yield* readsCommitted(transactor)),
    maxBatchTimeMillis: Duration.toMillis(options.maxBatchTime ?? "100 millis"),
    telemetry: {
      traceSampleRatio: options.traceSampleRatio ?? 1,
      traceRelation: options.traceRelation ?? "link",
      traceOperations: options.traceOperations ?? false,
      clientId: replicas.id,
      isEnabled: yield* References.TracerEnabled,
      meters: metersIn(yield* Effect.context<never>())
    }
  }
  return engine
})

const make = Effect.fnUntraced(function* (options: Options) {
  const engine = yield* makeEngine(options)
  yield* keepRecorded(engine)
  yield* Gauges.make(engine)
  // Before the workers: what they count is written when they have ended.
  yield* Statistics.make(engine)
  const maintenance = yield* Maintenance.make(engine)
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
     */
    readonly pause: (consumer: string) => Effect.Effect<void, ConsumerNotFound | StoreError>
    /**
     * Ends a pause. This process goes on at once, others within one poll. Fails with `ConsumerNotFound`.
     */
    readonly resume: (consumer: string) => Effect.Effect<void, ConsumerNotFound | StoreError>
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
      options?: { readonly event?: string; readonly open?: "list" | "skip"; readonly force?: boolean }
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
  > => Layer.effect(Processor, make(options))
}
