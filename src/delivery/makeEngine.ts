/**
 * Makes what the parts of the processor share, from the services around it.
 *
 * @internal
 */
import { Duration, Effect, PartitionedSemaphore, References } from "effect"
import { packageVersion } from "../model/packageVersion.ts"
import { IsOnlooker } from "../settings/onlooker.ts"
import { Settings } from "../settings/Settings.ts"
import { AuditStore } from "../stores/AuditStore.ts"
import { DeadLetterStore } from "../stores/DeadLetterStore.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import { OperationStore } from "../stores/OperationStore.ts"
import { OutboxStore } from "../stores/OutboxStore.ts"
import { ReplicaStore } from "../stores/ReplicaStore.ts"
import { SqlCapabilities } from "../stores/SqlCapabilities.ts"
import { StatisticStore } from "../stores/StatisticStore.ts"
import { SubscriptionStore } from "../stores/SubscriptionStore.ts"
import { CurrentSums } from "../stores/statisticSums.ts"
import { steadyMillis } from "../stores/steadyMillis.ts"
import { Transactor } from "../stores/Transactor.ts"
import { metersIn } from "../telemetry/meters.ts"
import { Broadcast } from "../wakeups/Broadcast.ts"
import { Notifier } from "../wakeups/Notifier.ts"
import { applicationVersion } from "./applicationVersion.ts"
import { type Engine, untraced } from "./engine.ts"
import * as Incident from "./incident.ts"
import * as Leases from "./leased/heartbeat.ts"
import * as ErrorGroups from "./maintenance/errorGroups.ts"
import { defaultBatches, type Options } from "./processorOptions.ts"
import { Registry } from "./Registry.ts"
import * as Recovery from "./recovery/recovery.ts"

/** Whether transactions see what was committed before each of their statements, as far as the store can say. */
const readsCommitted = ({ query }: Transactor["Service"]) =>
  untraced(query("SELECT current_setting('default_transaction_isolation') AS isolation", [])).pipe(
    Effect.map(([row]) => (row as { readonly isolation?: unknown } | undefined)?.isolation === "read committed"),
    Effect.orElseSucceed(() => false)
  )

/** What the parts of the processor share, from the services around it. */
export const makeEngine = Effect.fnUntraced(function* (options: Options) {
  const outbox = yield* OutboxStore
  const inbox = yield* InboxStore
  const settings = yield* Settings
  const replicas = yield* ReplicaStore
  const transactor = yield* Transactor
  const capabilities = yield* SqlCapabilities
  const version = yield* applicationVersion(options.applicationVersion)
  const maxBatches = options.maxConcurrentBatches ?? defaultBatches
  const join = replicas.join({ version: packageVersion, applicationVersion: version, maxBatches })
  // Known before anything is claimed, until the last worker has ended.
  // Not made interruptible at its end: whoever is interrupted already would not do it at all.
  const leave = Effect.ignore(Effect.timeoutOption(replicas.leave, "2 seconds"))
  if (!(yield* IsOnlooker)) yield* Effect.acquireRelease(join, () => leave)
  const incident = Incident.make(transactor.reconnect)
  const errors = yield* ErrorGroups.start(version)
  const engine: Engine = {
    errors,
    inbox,
    outbox,
    subscriptions: yield* SubscriptionStore,
    replicas,
    statistics: yield* StatisticStore,
    sums: yield* CurrentSums,
    deadLetters: yield* DeadLetterStore,
    operations: yield* OperationStore,
    audit: yield* AuditStore,
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
    permits: yield* PartitionedSemaphore.make<string>({ permits: maxBatches }),
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
