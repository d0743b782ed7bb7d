/**
 * What the administration can be asked, whoever answers.
 *
 * @internal
 */
import type { Effect, Stream } from "effect"
import type * as Consumers from "./model/consumers.ts"
import type * as DeadLetters from "./model/deadLetters.ts"
import type * as Diagnosis from "./model/diagnosis.ts"
import type * as Entities from "./model/entities.ts"
import type * as Events from "./model/events.ts"
import type * as Operations from "./model/operations.ts"
import type * as Statistics from "./model/statistics.ts"
import type { Problem } from "./problems.ts"

/** @since 0.1.0 */
export interface Page<Item> {
  readonly items: ReadonlyArray<Item>
  /** `after` of the next page; not there on the last. */
  readonly next?: string
}

type Answer<A> = Effect.Effect<A, Problem>

interface Span {
  readonly from: Date
  readonly to: Date
}

/** What was done to how many. @since 0.1.0 */
export interface Affected {
  readonly affected: number
}

/**
 * All that is to be seen and to be repaired. Answers in plain values. Everything fails with a `Problem`; what it changed then is said there. Who asks is
 * `Admin.CurrentUser`, by default the application itself, which may do everything.
 *
 * Lists are read in pages of at most 200, by cursors; no question looks at more than a bounded part of a table.
 *
 * @since 0.1.0
 */
export interface AdminService {
  /** What wants attention, all consumers, and the figures of the last hour. */
  readonly overview: Answer<Consumers.Overview>
  /** Figures of the moment, about once a second, as long as somebody listens. */
  readonly live: Stream.Stream<Consumers.LiveFigures, Problem>
  readonly statistics: {
    /** Figures by step, of all consumers and events or one. */
    readonly series: (request: Statistics.SeriesRequest) => Answer<ReadonlyArray<Statistics.StatisticPoint>>
    readonly consumers: (span: Span) => Answer<ReadonlyArray<Statistics.ConsumerRate>>
    /** What flowed where: for a map. */
    readonly flows: (span: Span) => Answer<ReadonlyArray<Statistics.Flow>>
    readonly gauges: (span: Span & { readonly consumer: string }) => Answer<ReadonlyArray<Statistics.Gauge>>
  }
  readonly events: {
    /** The last first, in slices of what there is: says how far it looked. */
    readonly find: (query: Events.EventQuery) => Answer<Events.EventPage>
    readonly get: (id: string) => Answer<Events.EventDetails>
    /** What the handler of a consumer gets of it, as far as the process that answers has that handler. */
    readonly received: (id: string, query: Events.ReceivedQuery) => Answer<Events.ReceivedPayload>
    /**
     * What it came from, and what came of it within so many minutes (default 10) after each cause; 1000 events at most unless said. All
     * events of that time are read: `lookedUntil` says where more may follow, which a longer time shows.
     */
    readonly lineage: (
      id: string,
      options?: { readonly limit?: number; readonly minutes?: number }
    ) => Answer<Events.LineageTree>
  }
  readonly errorGroups: {
    /** The last seen first. */
    readonly list: (query: DeadLetters.ErrorGroupQuery) => Answer<Page<DeadLetters.ListedErrorGroup>>
    readonly get: (fingerprint: string) => Answer<DeadLetters.ErrorGroupDetails>
    readonly change: (fingerprint: string, change: DeadLetters.ErrorGroupChange) => Answer<DeadLetters.ErrorGroup>
  }
  readonly deadLetters: {
    /** The last first. */
    readonly list: (query: DeadLetters.DeadLetterQuery) => Answer<Page<DeadLetters.DeadLetter>>
    readonly get: (deliveryId: string) => Answer<DeadLetters.DeadLetterDetails>
    readonly requeue: (deliveryId: string, options: Consumers.Reason) => Answer<Affected>
    /** Whether a payload would do for the handler, without storing it. */
    readonly check: (deliveryId: string, edit: DeadLetters.PayloadEdit) => Answer<DeadLetters.PayloadVerdict>
    /** Requeues it with another payload, for its consumer only. */
    readonly edit: (deliveryId: string, edit: DeadLetters.PayloadEdit & Consumers.Reason) => Answer<Affected>
    readonly discard: (deliveryId: string, options: Consumers.Reason) => Answer<Affected>
  }
  readonly operations: {
    /** The last first. */
    readonly list: (query: Operations.OperationQuery) => Answer<Page<Operations.Operation>>
    readonly get: (id: string) => Answer<Operations.Operation>
    /** What an operation would do now. */
    readonly preview: (request: Operations.OperationRequest) => Answer<Operations.OperationPreview>
    readonly start: (request: Operations.OperationRequest) => Answer<Operations.Operation>
    readonly stop: (id: string, options: Consumers.Reason) => Answer<Operations.Operation>
  }
  readonly consumers: {
    readonly list: Answer<ReadonlyArray<Consumers.ConsumerSummary>>
    readonly get: (consumer: string) => Answer<Consumers.ConsumerDetails>
    readonly pause: (consumer: string, options: Consumers.Reason) => Answer<Consumers.ConsumerSummary>
    readonly resume: (consumer: string, options: Consumers.Reason) => Answer<Consumers.ConsumerSummary>
    readonly retire: (consumer: string, request: Consumers.RetireRequest) => Answer<Consumers.RetireResult>
  }
  readonly links: {
    /** The last created first. */
    readonly list: (query: Entities.EntityQuery) => Answer<Page<Entities.Link>>
    readonly graph: (query: Entities.EntityQuery) => Answer<Entities.LinkGraph>
    /** What happened to an entity, across modules. */
    readonly life: (query: Entities.EntityQuery) => Answer<Entities.Life>
  }
  readonly contracts: Answer<ReadonlyArray<Consumers.Contract>>
  readonly replicas: Answer<ReadonlyArray<Consumers.Replica>>
  readonly settings: {
    readonly list: Answer<ReadonlyArray<Consumers.Setting>>
    readonly put: (key: string, put: Consumers.SettingPut) => Answer<Consumers.Setting>
    readonly history: (key: string) => Answer<ReadonlyArray<Consumers.SettingChange>>
  }
  /** The last first. */
  readonly audit: (query: Operations.AuditQuery) => Answer<Page<Operations.AuditEntry>>
  readonly doctor: Answer<Diagnosis.Diagnosis>
  /** Whether the process that answers is well: for whoever starts and stops processes, so nobody is asked who they are. */
  readonly health: {
    /** Whether it should go on: by itself, not by its database. */
    readonly live: Effect.Effect<Diagnosis.HealthReport>
    /**
     * Whether it can work.
     *
     * @param options.maxLagMillis - for how long the oldest delivery may have been due; default: that is not looked at
     */
    readonly ready: (options?: { readonly maxLagMillis?: number }) => Effect.Effect<Diagnosis.HealthReport>
  }
  /** Writes into the audit that `CurrentUser` asked for what they may not do: of the same, once a minute. */
  readonly noteRefusal: (action: string, target: string) => Answer<void>
}
