/** The services of one process, over stores that it reaches through its gate. */
import { Context, Effect, Layer, type Scope } from "effect"
import { Processor } from "../../src/delivery/Processor.ts"
import { Registry } from "../../src/delivery/Registry.ts"
import {
  ActorStore,
  AuditStore,
  Broadcast,
  ContractStore,
  DeadLetterStore,
  DeadLetters,
  ErrorGroupStore,
  InboxStore,
  LinkStore,
  Notifier,
  OperationStore,
  OutboxStore,
  Publisher,
  ReplicaStore,
  SettingStore,
  Settings,
  SqlCapabilities,
  StatisticStore,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { type Gate, gated, withTransaction } from "./gate.ts"
import type { Program } from "./program.ts"
import type { Replicas } from "./replicas.ts"

/** Short, so that a run is. */
export const settings = {
  pollingIntervalMs: 500,
  idlePollingIntervalMs: 3000,
  processingLeaseMs: 1000,
  retryBaseDelayMs: 100,
  retryMaxDelayMs: 1000,
  retentionHours: 1
}

const stores = (gate: Gate, replicas: Replicas, program: Program) => {
  const { stores, machine: _ } = gate.server
  const { machine, transactor } = gate
  const inbox = gated(gate, "inbox", replicas.inboxOf(machine, Context.get(stores, InboxStore)))
  const open = withTransaction(gate)
  return Context.empty().pipe(
    Context.add(OutboxStore, gated(gate, "outbox", Context.get(stores, OutboxStore))),
    Context.add(InboxStore, { ...inbox, changed: Context.get(stores, InboxStore).changed }),
    Context.add(DeadLetterStore, gated(gate, "deadLetters", Context.get(stores, DeadLetterStore))),
    // As on a server, where a process gathers before it writes.
    Context.add(ErrorGroupStore, {
      ...gated(gate, "errorGroups", Context.get(stores, ErrorGroupStore)),
      gatherMillis: 10_000
    }),
    Context.add(OperationStore, gated(gate, "operations", Context.get(stores, OperationStore))),
    Context.add(AuditStore, gated(gate, "audit", Context.get(stores, AuditStore))),
    Context.add(SubscriptionStore, gated(gate, "subscriptions", Context.get(stores, SubscriptionStore))),
    Context.add(LinkStore, gated(gate, "links", Context.get(stores, LinkStore))),
    Context.add(ContractStore, gated(gate, "contracts", Context.get(stores, ContractStore))),
    Context.add(ActorStore, gated(gate, "actors", Context.get(stores, ActorStore))),
    Context.add(StatisticStore, Context.get(stores, StatisticStore)),
    Context.add(SettingStore, gated(gate, "settings", Context.get(stores, SettingStore))),
    Context.add(ReplicaStore, gated(gate, "replicas", replicas.storeOf(machine))),
    Context.add(Transactor, {
      ...transactor,
      withTransaction: open,
      abortableTransaction: open,
      // What PostgreSQL says by default: so the next batch may be claimed early.
      query: (...args) =>
        program.pipelined ? Effect.succeed([{ isolation: "read committed" }]) : transactor.query(...args)
    }),
    Context.add(SqlCapabilities, { singleSession: false, lockTimeout: false })
  )
}

/** Everything an application has, until the scope closes. */
export const build = (gate: Gate, replicas: Replicas, program: Program, broadcast: Broadcast, scope: Scope.Scope) => {
  const processor = Processor.layer({
    isolation: program.isolated ? "delivery" : "batch",
    maxConcurrentBatches: program.maxConcurrentBatches,
    shutdownGracePeriod: "3 seconds",
    startupDrainTimeout: "5 seconds"
  })
  const layer = Layer.mergeAll(processor, Publisher.layer(), DeadLetters.layer()).pipe(
    Layer.provideMerge(Registry.layer),
    Layer.provideMerge(Notifier.layer),
    Layer.provide(Layer.succeed(Broadcast, broadcast)),
    Layer.provideMerge(Settings.layer({ ...settings, deadLetterEnabled: program.deadLetters }))
  )
  const own = stores(gate, replicas, program)
  return Effect.map(
    Effect.provideContext(Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), scope), own),
    (built) => Context.merge(own, built)
  )
}

export type Services = Effect.Success<ReturnType<typeof build>>
