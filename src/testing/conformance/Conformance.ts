/**
 * What every implementation of the store contracts must do, as checks that run on any of them.
 *
 * A check is a name and an Effect that dies when the rule is broken; how it is run is up to the test runner. The checks
 * of one contract use others to set the scene, so they need all stores. They use names of their own, so they can share a
 * store and run in any order, but not under `TestClock`.
 *
 * ```ts
 * describe("my store", () => {
 *   for (const { name, test } of Conformance.outboxStore) it.live(name, () => Effect.provide(test, MyStores))
 * })
 * ```
 *
 * @since 0.1.0
 */
import type { SettingStore } from "../../settings/SettingStore.ts"
import type { ActorStore } from "../../stores/ActorStore.ts"
import type { AuditStore } from "../../stores/AuditStore.ts"
import type { ContractStore } from "../../stores/ContractStore.ts"
import type { DeadLetterStore } from "../../stores/DeadLetterStore.ts"
import type { DiagnosisStore } from "../../stores/DiagnosisStore.ts"
import type { ErrorGroupStore } from "../../stores/ErrorGroupStore.ts"
import type { EventSearchStore } from "../../stores/EventSearchStore.ts"
import type { InboxStore } from "../../stores/InboxStore.ts"
import type { LineageStore } from "../../stores/LineageStore.ts"
import type { LinkStore } from "../../stores/LinkStore.ts"
import type { OperationStore } from "../../stores/OperationStore.ts"
import type { OutboxStore } from "../../stores/OutboxStore.ts"
import type { ReplicaStore } from "../../stores/ReplicaStore.ts"
import type { StatisticStore } from "../../stores/StatisticStore.ts"
import type { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import type { TransactionClient } from "../../stores/TransactionClient.ts"
import type { Transactor } from "../../stores/Transactor.ts"
import * as Actors from "./actorStore.ts"
import * as Audits from "./auditStore.ts"
import type { Check as CheckOf } from "./Check.ts"
import * as Contents from "./contents.ts"
import * as Contracts from "./contractStore.ts"
import * as DeadLetters from "./deadLetterStore.ts"
import * as Delayed from "./delayed.ts"
import * as Delivered from "./delivered.ts"
import * as Depths from "./depths.ts"
import * as Diagnoses from "./diagnosisStore.ts"
import * as ErrorGroupDeliveries from "./errorGroupDeliveries.ts"
import * as ErrorGroups from "./errorGroupStore.ts"
import * as EventSearch from "./eventSearchStore.ts"
import * as EventStories from "./eventStories.ts"
import * as GivenBack from "./givenBack.ts"
import * as Inbox from "./inboxStore.ts"
import * as Leases from "./leases.ts"
import * as Lineages from "./lineageStore.ts"
import * as Links from "./linkStore.ts"
import * as Mailboxes from "./mailbox.ts"
import * as Marks from "./marks.ts"
import * as Oldest from "./oldest.ts"
import * as Operations from "./operationStore.ts"
import * as Outbox from "./outboxStore.ts"
import * as Replicas from "./replicaStore.ts"
import * as Settings from "./settingStore.ts"
import * as Statistics from "./statisticStore.ts"
import * as Subscriptions from "./subscriptionStore.ts"
import type { TransactionClientOptions as ClientOptions } from "./transactionClient.ts"
import * as Clients from "./transactionClient.ts"
import * as Transactions from "./transactor.ts"

/** Everything a check may need. @since 0.1.0 */
export type Stores =
  | OutboxStore
  | InboxStore
  | DeadLetterStore
  | ErrorGroupStore
  | DiagnosisStore
  | OperationStore
  | AuditStore
  | SubscriptionStore
  | ReplicaStore
  | ContractStore
  | StatisticStore
  | LineageStore
  | LinkStore
  | EventSearchStore
  | SettingStore
  | ActorStore
  | Transactor

/** One rule: its contract, its name, and the Effect that tests it. @since 0.1.0 */
export type Check = CheckOf<Stores>

/** @since 0.1.0 */
export const outboxStore: ReadonlyArray<Check> = Outbox.outboxStore

/** @since 0.1.0 */
export const inboxStore: ReadonlyArray<Check> = [
  ...Inbox.inboxStore,
  ...Delivered.delivered,
  ...Marks.marks,
  ...Contents.contents,
  ...Depths.depths,
  ...Oldest.oldest
]

/** For stores that can have several transactions open at once, beside those of `inboxStore`. @since 0.1.0 */
export const inboxStoreConcurrent: ReadonlyArray<Check> = Inbox.inboxStoreConcurrent

/** What an inbox does with leases. @since 0.1.0 */
export const leases: ReadonlyArray<Check> = Leases.leases

/** For stores that can have several transactions open at once, beside those of `leases`. @since 0.1.0 */
export const leasesConcurrent: ReadonlyArray<Check> = Leases.leasesConcurrent

/** What inbox, outbox and subscriptions do together: order, pauses, tiers, delays and keys. @since 0.1.0 */
export const mailboxes: ReadonlyArray<Check> = [...Mailboxes.mailboxes, ...Delayed.delayed, ...GivenBack.givenBack]

/** @since 0.1.0 */
export const deadLetterStore: ReadonlyArray<Check> = DeadLetters.deadLetterStore

/** What is seen of a store when somebody asks. @since 0.1.0 */
export const diagnosisStore: ReadonlyArray<Check> = Diagnoses.diagnosisStore

/** @since 0.1.0 */
export const errorGroupStore: ReadonlyArray<Check> = [
  ...ErrorGroups.errorGroupStore,
  ...ErrorGroupDeliveries.errorGroupDeliveries
]
/** What operations are kept as. @since 0.1.0 */
export const operationStore: ReadonlyArray<Check> = Operations.operationStore

/**
 * For stores that can have several transactions open at once, beside those of `operationStore`; not while a processor drives operations.
 *
 * @since 0.1.0
 */
export const operationStoreConcurrent: ReadonlyArray<Check> = Operations.operationStoreConcurrent

/** @since 0.1.0 */
export const auditStore: ReadonlyArray<Check> = Audits.auditStore

/** @since 0.1.0 */
export const subscriptionStore: ReadonlyArray<Check> = Subscriptions.subscriptionStore

/** What processes say of themselves, and what follows from it; not two of these checks at a time. @since 0.1.0 */
export const replicaStore: ReadonlyArray<Check> = Replicas.replicaStore

/** For stores that outlive their processes, beside those of `replicaStore`: what a crash leaves behind. @since 0.1.0 */
export const replicaStoreDurable: ReadonlyArray<Check> = Replicas.replicaStoreDurable

/** Events of other services, and what follows from what. @since 0.1.0 */
export const lineageStore: ReadonlyArray<Check> = Lineages.lineageStore

/** @since 0.1.0 */
export const contractStore: ReadonlyArray<Check> = Contracts.contractStore

/** Best beside no process that counts: `Integration.layer({ statistics: false })`. @since 0.1.0 */
export const statisticStore: ReadonlyArray<Check> = Statistics.statisticStore

/** @since 0.1.0 */
export const linkStore: ReadonlyArray<Check> = Links.linkStore

/** What is found of events, and how far was looked. @since 0.1.0 */
export const eventSearchStore: ReadonlyArray<Check> = [...EventSearch.eventSearchStore, ...EventStories.eventStories]

/** @since 0.1.0 */
export const settingStore: ReadonlyArray<Check> = Settings.settingStore

/** @since 0.1.0 */
export const actorStore: ReadonlyArray<Check> = Actors.actorStore

/** @since 0.1.0 */
export const transactor: ReadonlyArray<Check> = Transactions.transactor

/** What a client cannot do, and what is no transaction of it. @since 0.1.0 */
export type TransactionClientOptions = ClientOptions

/**
 * What every `TransactionClient` must do, whose statements find a schema in which tables can be made, and who has two connections. Not in
 * `all`: it is of clients, not of stores.
 *
 * ```ts
 * for (const { name, test } of Conformance.transactionClient(pgClient(pool), { notTransactions: [pool] })) it.live(name, () => test)
 * ```
 *
 * @since 0.1.0
 */
export const transactionClient: <Tx>(
  client: TransactionClient<Tx>,
  options?: TransactionClientOptions
) => ReadonlyArray<CheckOf<never>> = Clients.transactionClient

/** All of them, with those for several transactions at once, and those for stores that outlive their processes. @since 0.1.0 */
export const all: ReadonlyArray<Check> = [
  ...outboxStore,
  ...inboxStore,
  ...inboxStoreConcurrent,
  ...leases,
  ...leasesConcurrent,
  ...mailboxes,
  ...deadLetterStore,
  ...errorGroupStore,
  ...diagnosisStore,
  ...operationStore,
  ...operationStoreConcurrent,
  ...auditStore,
  ...subscriptionStore,
  ...replicaStore,
  ...replicaStoreDurable,
  ...lineageStore,
  ...contractStore,
  ...statisticStore,
  ...linkStore,
  ...eventSearchStore,
  ...settingStore,
  ...actorStore,
  ...transactor
]
