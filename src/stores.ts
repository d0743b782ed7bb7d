/**
 * For who writes a store: the contracts, the rows they speak of, the rules every store applies, and its errors. What a
 * store must do is checked by `Conformance` of `effect-integration/testing`; docs/stores.md says how to begin.
 *
 * @since 0.1.0
 */
export { MigrationFailed, SchemaMismatch, SqlUnavailable, StoreError } from "./errors/StoreErrors.ts"
export { largestContent, oversizeOf } from "./model/contentSize.ts"
export { type SettingChange, SettingStore } from "./settings/SettingStore.ts"
export { ActorStore, type NewState, type StoredState, type WrittenState } from "./stores/ActorStore.ts"
export {
  type Actor,
  type AuditEntry,
  type AuditFilter,
  type AuditFound,
  AuditStore,
  auditWindow,
  CurrentActor,
  type NewAuditEntry
} from "./stores/AuditStore.ts"
export { type Contract, type ContractKey, ContractStore, type StoredContract } from "./stores/ContractStore.ts"
export {
  type Changed,
  type DeadLetter,
  type DeadLetterContent,
  type DeadLetterFilter,
  DeadLetterStore,
  discardedTag,
  type Seen,
  undecodableTags
} from "./stores/DeadLetterStore.ts"
export {
  type AttemptRecord,
  type Claimed,
  type ClaimRequest,
  type CrashRecovery,
  type Delivery,
  type DeliveryKey,
  type DeliveryStatus,
  type Expired,
  type FailedAttempt,
  type FailureGroup,
  type Interest,
  type Leased,
  type LockWait,
  largestClaim,
  type Settlement,
  type StatusCount,
  snoozedTag,
  type UnparkRequest
} from "./stores/Delivery.ts"
export { type ConsumerDepth, type Depths, largestDepth } from "./stores/Depths.ts"
export {
  type ConsumerCondition,
  type Deviation,
  DiagnosisStore,
  type Look,
  type OpenTransaction,
  type SchemaVersion,
  type ServerCondition,
  type ServingProcess,
  type SessionCondition,
  type TableCondition,
  type UnheardEvent
} from "./stores/DiagnosisStore.ts"
export { deferWrite } from "./stores/deferredWrites.ts"
export {
  type ErrorGroup,
  type ErrorGroupChange,
  type ErrorGroupFilter,
  type ErrorGroupState,
  ErrorGroupStore,
  type ForgottenGroups,
  type GroupAttempts,
  type HourlyAttempts,
  type ListedErrorGroup,
  largestGroupCount,
  largestSeen,
  type SeenFailures,
  type UnknownGroup
} from "./stores/ErrorGroupStore.ts"
export type { EventDeliveryDetails, EventDetails, HoldingUp } from "./stores/EventDetails.ts"
export {
  type EventMoment,
  type EventQuery,
  EventSearchStore,
  type MomentKey,
  type MomentRequest,
  type Moments,
  mostEvents,
  type PayloadCondition,
  type Slice,
  type SliceRequest
} from "./stores/EventSearchStore.ts"
export type { EventDelivery, EventSummary } from "./stores/EventSummary.ts"
export { InboxStore } from "./stores/InboxStore.ts"
export { type CausedRequest, type DeliveryAttempt, type LineageEvent, LineageStore } from "./stores/LineageStore.ts"
export {
  type FindOptions,
  type Link,
  type LinkPage,
  LinkStore,
  type LinksAround,
  type LinkType,
  type NewLink
} from "./stores/LinkStore.ts"
export { checkEntity, checkLink, provisionalLink } from "./stores/linkRules.ts"
export { type OldestOpen, type OpenDelivery, oldestAmong, oldestShown } from "./stores/OldestOpen.ts"
export {
  type NewOperation,
  type Operation,
  type OperationPage,
  type OperationPreview,
  type OperationScope,
  type OperationStep,
  OperationStore,
  type Taken,
  type Watched
} from "./stores/OperationStore.ts"
export {
  type Appended,
  type EventStatus,
  type NewEvent,
  type OutboxRow,
  OutboxStore,
  type Received,
  type ReceivedEvent,
  type Removed,
  type RetentionWindow,
  type SettledCount
} from "./stores/OutboxStore.ts"
export { firstOrderingKey, type PollRequest, type PollResult, type ReplicaCondition } from "./stores/Poll.ts"
export {
  type AboutReplica,
  type Replica,
  ReplicaStore,
  type Served,
  type ServedOptions,
  type Serving,
  type StartedAttempt
} from "./stores/ReplicaStore.ts"
export { SqlCapabilities } from "./stores/SqlCapabilities.ts"
export {
  type ConsumerRate,
  type Distribution,
  type DistributionSums,
  distributionBounds,
  type FinishedSums,
  type Flow,
  type Gauge,
  type GaugeLook,
  hoursKeptDays,
  largestGauge,
  minutesKeptHours,
  type OutcomeCounts,
  type RatePoint,
  type StatisticPoint,
  type StatisticRow,
  type StatisticSeriesRequest,
  type StatisticSpan,
  StatisticStore,
  type UnfinishedCounts
} from "./stores/StatisticStore.ts"
export {
  type Braked,
  type ConsumerState,
  longestReason,
  mostOpen,
  overlookedAmong,
  type Registration,
  type RetireScope,
  type Subscription,
  SubscriptionStore,
  type Unserved
} from "./stores/SubscriptionStore.ts"
export type {
  ClientColumn,
  ClientParameter,
  ClientResult,
  ClientTransactionState,
  TransactionClient,
  TransactionOf
} from "./stores/TransactionClient.ts"
export { type FailedStatement, Transactor } from "./stores/Transactor.ts"
export { Broadcast, type InlineNotification } from "./wakeups/Broadcast.ts"
