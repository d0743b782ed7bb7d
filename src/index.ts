/**
 * effect-integration: transactional outbox, inbox, links and supervised delivery for modular applications.
 *
 * @since 0.1.0
 */
export * as Actor from "./actors/Actor.ts"
export * as Contracts from "./contracts/Contracts.ts"
export type { Liveness, WorkersAlive } from "./delivery/Liveness.ts"
export { type Options as ProcessorOptions, Processor, type Retired, type ServeError } from "./delivery/Processor.ts"
export { type RegistrationError, Registry } from "./delivery/Registry.ts"
export type { DeliveryState, Outstanding, PausedConsumer, Stats } from "./delivery/Stats.ts"
export * as Errors from "./errors/Errors.ts"
export * as Integration from "./integration/Integration.ts"
export { IntegrationLive, IntegrationMemory } from "./integration/Integration.ts"
export * as Migrations from "./integration/Migrations.ts"
export { MemoryDatabase, type MemoryRef } from "./memory/MemoryDatabase.ts"
export * as Consumer from "./model/Consumer.ts"
export * as DomainEvent from "./model/DomainEvent.ts"
export * as RetryPolicy from "./model/RetryPolicy.ts"
export {
  type Actor as AuditActor,
  Audit,
  type Page as AuditPage,
  type Selection as AuditSelection
} from "./operations/Audit.ts"
export {
  DeadLetters,
  type Details as DeadLetterDetails,
  type Filter as DeadLetterSelection,
  type Page as DeadLetterPage,
  type Requeueing as DeadLetterRequeueing
} from "./operations/DeadLetters.ts"
export {
  type Check as DoctorCheck,
  type CheckReport,
  Doctor,
  DoctorChecks,
  DoctorLimits,
  type DoctorReport,
  type Finding
} from "./operations/Doctor.ts"
export { Entities, type EntityError } from "./operations/Entities.ts"
export type { EntityGraph, GraphEntity } from "./operations/EntityGraph.ts"
export type { Life, Moment } from "./operations/EntityLife.ts"
export {
  type Change as ErrorGroupUpdate,
  type Details as ErrorGroupDetails,
  ErrorGroups,
  type LeftOutValues,
  type Listed as ErrorGroupListed,
  type Page as ErrorGroupPage
} from "./operations/ErrorGroups.ts"
export {
  type Details as EventDetails,
  Events,
  type Filter as EventSelection,
  type FindOptions as EventFindOptions,
  type Found as FoundEvents,
  type PayloadValue,
  type ReceivedPayload,
  type Summary as EventSummary
} from "./operations/Events.ts"
export { Health, type HealthReason, type HealthReport } from "./operations/Health.ts"
export * as Lineage from "./operations/Lineage.ts"
export {
  type OperationRequest,
  Operations,
  type Page as OperationPage,
  type Preview as OperationPreview,
  type Selection as OperationSelection
} from "./operations/Operations.ts"
export { Statistics } from "./operations/Statistics.ts"
export type { ForeignEvent, Imported } from "./publishing/ForeignEvent.ts"
export { Publisher } from "./publishing/Publisher.ts"
export { type PublisherIn, type PublishInError, publisherIn } from "./publishing/PublisherIn.ts"
export type { PublishError, UntypedEvent } from "./publishing/UntypedEvent.ts"
export { type SettingChange, SettingStore } from "./settings/SettingStore.ts"
export { Settings, type Values as SettingValues } from "./settings/Settings.ts"
export { ActorStore } from "./stores/ActorStore.ts"
export { type AuditEntry, type AuditOutcome, AuditStore } from "./stores/AuditStore.ts"
export { transactionOf } from "./stores/ClientTransaction.ts"
export { ContractStore } from "./stores/ContractStore.ts"
export {
  type DeadLetter,
  type DeadLetterContent,
  type DeadLetterFilter,
  DeadLetterStore
} from "./stores/DeadLetterStore.ts"
export type { AttemptRecord, Delivery, DeliveryKey, DeliveryStatus } from "./stores/Delivery.ts"
export { DiagnosisStore } from "./stores/DiagnosisStore.ts"
export {
  type ErrorGroup,
  type ErrorGroupFilter,
  type ErrorGroupState,
  ErrorGroupStore,
  type HourlyAttempts,
  largestGroupCount
} from "./stores/ErrorGroupStore.ts"
export { EventSearchStore } from "./stores/EventSearchStore.ts"
export { InboxStore } from "./stores/InboxStore.ts"
export { type CausedRequest, type DeliveryAttempt, type LineageEvent, LineageStore } from "./stores/LineageStore.ts"
export {
  type FindOptions,
  type Link,
  type LinkPage,
  LinkStore,
  type LinkType,
  type NewLink
} from "./stores/LinkStore.ts"
export { type LinksIn, linksIn } from "./stores/LinksIn.ts"
export { type Operation, type OperationKind, type OperationState, OperationStore } from "./stores/OperationStore.ts"
export { type EventStatus, type OutboxRow, OutboxStore } from "./stores/OutboxStore.ts"
export { type Replica, ReplicaStore } from "./stores/ReplicaStore.ts"
export { SqlCapabilities } from "./stores/SqlCapabilities.ts"
export {
  type ConsumerRate,
  type Distribution,
  type Flow,
  type Gauge,
  type OutcomeCounts,
  type RatePoint,
  type StatisticPoint,
  type StatisticSpan,
  StatisticStore
} from "./stores/StatisticStore.ts"
export { type ConsumerState, type Subscription, SubscriptionStore, type Unserved } from "./stores/SubscriptionStore.ts"
export type {
  AnyTransactionClient,
  ClientColumn,
  ClientParameter,
  ClientResult,
  ClientTransactionState,
  TransactionClient,
  TransactionOf
} from "./stores/TransactionClient.ts"
export { type FailedStatement, Transactor } from "./stores/Transactor.ts"
export type { HandlerContext, PromiseLinks, PromiseSql } from "./subscribing/HandlerContext.ts"
export * as Subscriber from "./subscribing/Subscriber.ts"
export * as Telemetry from "./telemetry/Telemetry.ts"
export { Broadcast } from "./wakeups/Broadcast.ts"
export { Notifier } from "./wakeups/Notifier.ts"
