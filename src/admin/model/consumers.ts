/**
 * Consumers, processes, settings and contracts, as the administration tells them.
 *
 * @internal
 */
import { Schema } from "effect"
import { Entity, Text } from "./common.ts"
import { ConsumerRate, Gauge } from "./statistics.ts"

/** What waits for a consumer; each is counted up to 10,000. @since 0.1.0 */
export const Depth = Schema.Struct({
  ready: Schema.Int,
  delayed: Schema.Int,
  retrying: Schema.Int,
  leased: Schema.Int,
  parked: Schema.Int,
  deadLetters: Schema.Int,
  oldestMillis: Schema.Finite,
  isHeld: Schema.Boolean,
  isRecovering: Schema.Boolean
}).annotate({ identifier: "Depth" })

/** @since 0.1.0 */
export type Depth = typeof Depth.Type

const subscription = Schema.Struct({ event: Schema.String, priority: Schema.Int, isServed: Schema.Boolean })

/** A consumer, and how it is. @since 0.1.0 */
export const ConsumerSummary = Schema.Struct({
  consumer: Schema.String,
  ordering: Schema.String,
  pausedAt: Schema.NullOr(Schema.Date),
  /** Who paused it, as the audit has it; null when it was paused by itself, or that is not known any more. */
  pausedBy: Schema.NullOr(Schema.String),
  /** Why: what somebody gave as the reason, or how many of its attempts failed. */
  pauseReason: Schema.NullOr(Schema.String),
  coolUntil: Schema.NullOr(Schema.Date),
  lastSeenAt: Schema.Date,
  /** Processes that serve it, by id. */
  servedBy: Schema.Array(Schema.String),
  subscriptions: Schema.Array(subscription),
  depth: Depth
}).annotate({ identifier: "ConsumerSummary" })

/** @since 0.1.0 */
export type ConsumerSummary = typeof ConsumerSummary.Type

/** Processes in which something is so, by id; empty: in all that serve the consumer. */
const processes = Schema.Array(Schema.String)

/** A rule of a consumer, as it is in force. @since 0.1.0 */
export const RuleInForce = Schema.Struct({
  name: Schema.Literals([
    "mode",
    "ordering",
    "onDeadLetter",
    "delayed",
    "concurrency",
    "batchSize",
    "timeoutMs",
    "maxAttempts",
    "retryBaseDelayMs",
    "retryMaxDelayMs",
    "retryJitterPercent"
  ]),
  /** Key of the setting that it follows where its code says nothing; null: there is none. */
  setting: Schema.NullOr(Schema.String),
  /** One, unless processes differ. Of settings, the values of the process that answers. */
  values: Schema.Array(
    Schema.Struct({
      /** `schedule`: delays of its own, in the place of those that double. Null: the process is of an earlier version, which does not say. */
      value: Schema.NullOr(Schema.Union([Schema.String, Schema.Finite])),
      source: Schema.Literals(["code", "default", "option", "environment", "stored", "unknown"]),
      processes
    })
  )
}).annotate({ identifier: "RuleInForce" })

/** @since 0.1.0 */
export type RuleInForce = typeof RuleInForce.Type

/** A delivery that is open, and its event. @since 0.1.0 */
export const OpenDelivery = Schema.Struct({
  deliveryId: Schema.String,
  eventId: Schema.String,
  eventName: Schema.String,
  aggregate: Entity,
  /** As `Depth` counts it. */
  state: Schema.Literals(["ready", "delayed", "retrying", "leased", "parked"]),
  attemptCount: Schema.Int,
  /** When its event was stored. */
  createdAt: Schema.Date
}).annotate({ identifier: "OpenDelivery" })

/** @since 0.1.0 */
export type OpenDelivery = typeof OpenDelivery.Type

/** A consumer, how it is, by which rules it is handled, and what it has had open for the longest time. @since 0.1.0 */
export const ConsumerDetails = Schema.Struct({
  ...ConsumerSummary.fields,
  subscriptions: Schema.Array(
    Schema.Struct({
      ...subscription.fields,
      /** The latest version of its payload that is read; null: any. One, unless processes differ; none where no process serves it. */
      versions: Schema.Array(Schema.Struct({ version: Schema.NullOr(Schema.Int), processes }))
    })
  ),
  /** None where no process serves it. */
  rules: Schema.Array(RuleInForce),
  oldest: Schema.Struct({
    /** At most ten, the oldest first. */
    deliveries: Schema.Array(OpenDelivery),
    /**
     * They are the oldest of the first 1,000 of each kind: of what waits (ready, delayed, retrying) those that are due first, of what is
     * leased and of what is parked any. There may be older ones.
     */
    isCut: Schema.Boolean
  })
}).annotate({ identifier: "ConsumerDetails" })

/** @since 0.1.0 */
export type ConsumerDetails = typeof ConsumerDetails.Type

/** What is asked of a consumer. @since 0.1.0 */
export const Reason = Schema.Struct({ reason: Schema.optionalKey(Text) }).annotate({ identifier: "Reason" })

/** @since 0.1.0 */
export type Reason = typeof Reason.Type

/** Which subscriptions are to be ended, and what becomes of what is open. @since 0.1.0 */
export const RetireRequest = Schema.Struct({
  event: Schema.optionalKey(Text),
  /** `list`: nothing is changed if something is open, and that is told; `skip`: it is skipped. Default `list`. */
  open: Schema.optionalKey(Schema.Literals(["list", "skip"])),
  /** Although a process serves it. Default false. */
  force: Schema.optionalKey(Schema.Boolean),
  reason: Schema.optionalKey(Text)
}).annotate({ identifier: "RetireRequest" })

/** @since 0.1.0 */
export type RetireRequest = typeof RetireRequest.Type

/** What was ended, or is open. @since 0.1.0 */
export const RetireResult = Schema.Struct({
  isRetired: Schema.Boolean,
  subscriptions: Schema.Int,
  skipped: Schema.Int,
  open: Schema.Array(Schema.Struct({ deliveryId: Schema.String, eventId: Schema.String, eventName: Schema.String }))
}).annotate({ identifier: "RetireResult" })

/** @since 0.1.0 */
export type RetireResult = typeof RetireResult.Type

/** A process. @since 0.1.0 */
export const Replica = Schema.Struct({
  id: Schema.String,
  host: Schema.NullOr(Schema.String),
  pid: Schema.NullOr(Schema.Int),
  status: Schema.Literals(["running", "stopped", "dead"]),
  /** Of effect-integration; null, as what follows: a process of an earlier version, which does not say. */
  version: Schema.NullOr(Schema.String),
  /** Of the application; null also where nobody says so. */
  applicationVersion: Schema.NullOr(Schema.String),
  /** Whether it heard what others notify of, at its last sign of life; else it finds their events by polling. */
  isListening: Schema.NullOr(Schema.Boolean),
  /** Batches under way at its last sign of life, each with a connection of its pool, and how many there may be. */
  batches: Schema.NullOr(Schema.Int),
  maxBatches: Schema.NullOr(Schema.Int),
  consumers: Schema.Array(Schema.String),
  startedAt: Schema.Date,
  lastSeenAt: Schema.Date,
  stoppedAt: Schema.NullOr(Schema.Date)
}).annotate({ identifier: "Replica" })

/** @since 0.1.0 */
export type Replica = typeof Replica.Type

/** A setting, with where its value comes from. @since 0.1.0 */
export const Setting = Schema.Struct({
  /** As `core.integration.outbox.maxAttempts`. */
  key: Schema.String,
  value: Schema.Union([Schema.Finite, Schema.Boolean]),
  source: Schema.Literals(["default", "option", "environment", "stored"]),
  default: Schema.Union([Schema.Finite, Schema.Boolean]),
  minimum: Schema.NullOr(Schema.Finite),
  maximum: Schema.NullOr(Schema.Finite),
  /** A stored or given value that could not be used. */
  rejected: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Setting" })

/** @since 0.1.0 */
export type Setting = typeof Setting.Type

/** A new value; null removes what is stored. @since 0.1.0 */
export const SettingPut = Schema.Struct({
  value: Schema.NullOr(Schema.Union([Schema.Finite, Schema.Boolean])),
  reason: Schema.optionalKey(Text)
}).annotate({ identifier: "SettingPut" })

/** @since 0.1.0 */
export type SettingPut = typeof SettingPut.Type

/** A change of a setting. @since 0.1.0 */
export const SettingChange = Schema.Struct({
  key: Schema.String,
  value: Schema.NullOr(Schema.Json),
  previousValue: Schema.NullOr(Schema.Json),
  changedAt: Schema.Date,
  changedBy: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String)
}).annotate({ identifier: "SettingChange" })

/** @since 0.1.0 */
export type SettingChange = typeof SettingChange.Type

/** One version of an event's payload. @since 0.1.0 */
export const Contract = Schema.Struct({
  eventName: Schema.String,
  version: Schema.Int,
  sourceModule: Schema.String,
  aggregateType: Schema.String,
  owner: Schema.NullOr(Schema.String),
  deprecated: Schema.NullOr(Schema.String),
  jsonSchema: Schema.Record(Schema.String, Schema.Json),
  fingerprint: Schema.String,
  hasUp: Schema.Boolean,
  hasDown: Schema.Boolean,
  firstSeenAt: Schema.Date,
  lastSeenAt: Schema.Date
}).annotate({ identifier: "Contract" })

/** @since 0.1.0 */
export type Contract = typeof Contract.Type

/** Something that wants attention. @since 0.1.0 */
export const Attention = Schema.Struct({
  id: Schema.String,
  severity: Schema.Literals(["error", "warning", "notice"]),
  /** A sentence. */
  title: Schema.String,
  /** The consumer, group or process that it is about. */
  subject: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Attention" })

/** @since 0.1.0 */
export type Attention = typeof Attention.Type

/** The first look. @since 0.1.0 */
export const Overview = Schema.Struct({
  at: Schema.Date,
  version: Schema.String,
  store: Schema.Literals(["postgresql", "pglite", "memory"]),
  attention: Schema.Array(Attention),
  consumers: Schema.Array(ConsumerSummary),
  gauges: Schema.Array(Gauge),
  /** Of the last hour. */
  rates: Schema.Array(ConsumerRate),
  /** Events of the last hour, by minute. */
  published: Schema.Array(Schema.Struct({ at: Schema.Date, count: Schema.Finite }))
}).annotate({ identifier: "Overview" })

/** @since 0.1.0 */
export type Overview = typeof Overview.Type

/** Figures of a moment, for who watches. @since 0.1.0 */
export const LiveFigures = Schema.Struct({
  at: Schema.Date,
  consumers: Schema.Array(Schema.Struct({ consumer: Schema.String, isPaused: Schema.Boolean, depth: Depth })),
  /** Of this minute and the one before it: other processes tell theirs every ten seconds. */
  published: Schema.Finite,
  settled: Schema.Finite,
  retried: Schema.Finite,
  gaveUp: Schema.Finite
}).annotate({ identifier: "LiveFigures" })

/** @since 0.1.0 */
export type LiveFigures = typeof LiveFigures.Type
