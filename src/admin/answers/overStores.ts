/**
 * The administration of an integration, asked in its own process.
 *
 * @internal
 */
import { Effect } from "effect"
import { Processor } from "../../delivery/Processor.ts"
import { packageVersion } from "../../model/packageVersion.ts"
import { Audit } from "../../operations/Audit.ts"
import { DeadLetters } from "../../operations/DeadLetters.ts"
import { Doctor } from "../../operations/Doctor.ts"
import { Entities } from "../../operations/Entities.ts"
import { ErrorGroups } from "../../operations/ErrorGroups.ts"
import { Events } from "../../operations/Events.ts"
import { Health } from "../../operations/Health.ts"
import { Operations } from "../../operations/Operations.ts"
import { Statistics } from "../../operations/Statistics.ts"
import { SettingStore } from "../../settings/SettingStore.ts"
import { Settings } from "../../settings/Settings.ts"
import { AuditStore } from "../../stores/AuditStore.ts"
import { ContractStore } from "../../stores/ContractStore.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { LineageStore } from "../../stores/LineageStore.ts"
import { LinkStore } from "../../stores/LinkStore.ts"
import { ReplicaStore } from "../../stores/ReplicaStore.ts"
import { SqlCapabilities } from "../../stores/SqlCapabilities.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import type { AdminService } from "../adminService.ts"
import { makeBounded } from "./bounded.ts"
import { consumersOver } from "./consumers.ts"
import { deadLettersOver } from "./deadLetters.ts"
import { eventsOver } from "./events.ts"
import { statisticsOver } from "./figures.ts"
import { operationsOver } from "./operations.ts"
import { overviewOver } from "./overview.ts"
import { settingsOver } from "./settings.ts"

/** Which kind of store there is. */
const kindOf = Effect.fnUntraced(function* (transactor: Transactor["Service"]) {
  const { singleSession } = yield* SqlCapabilities
  const ofSql = singleSession ? ("pglite" as const) : ("postgresql" as const)
  return yield* transactor.query("SELECT 1", []).pipe(
    Effect.as(ofSql),
    Effect.catchTag("SqlUnavailable", () => Effect.succeed("memory" as const)),
    Effect.catchTag("StoreError", () => Effect.succeed(ofSql))
  )
})

/** Answers from the services of this process. */
export const overStores = Effect.gen(function* () {
  const transactor = yield* Transactor
  const bounded = makeBounded(transactor)
  const statistics = yield* Statistics
  const errorGroups = yield* ErrorGroups
  const consumers = {
    processor: yield* Processor,
    subscriptions: yield* SubscriptionStore,
    inbox: yield* InboxStore,
    audit: yield* AuditStore,
    replicas: yield* ReplicaStore,
    settings: yield* Settings
  }
  const about = { version: packageVersion, store: yield* kindOf(transactor) }
  const admin: AdminService = {
    ...overviewOver({ ...consumers, statistics, errorGroups }, about, bounded),
    ...consumersOver(consumers, bounded),
    ...statisticsOver(statistics, bounded),
    ...eventsOver(
      {
        events: yield* Events,
        entities: yield* Entities,
        lineage: yield* LineageStore,
        links: yield* LinkStore
      },
      bounded
    ),
    ...deadLettersOver({ letters: yield* DeadLetters, groups: errorGroups, processor: consumers.processor }, bounded),
    ...operationsOver(
      { operations: yield* Operations, audit: yield* Audit, doctor: yield* Doctor, health: yield* Health },
      bounded
    ),
    ...settingsOver(consumers.settings, yield* SettingStore, yield* ContractStore, bounded, transactor)
  }
  return admin
})
