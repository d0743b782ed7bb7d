/**
 * Composition: the services of this package as one layer.
 *
 * @since 0.1.0
 */
import { PgClient } from "@effect/sql-pg"
import { type Config, Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import * as ProcessorModule from "../delivery/Processor.ts"
import { Registry } from "../delivery/Registry.ts"
import type { InvalidOption, UnsupportedOption } from "../errors/DeclarationErrors.ts"
import type { MigrationFailed, SchemaMismatch, StoreError } from "../errors/StoreErrors.ts"
import type { MemoryDatabase } from "../memory/MemoryDatabase.ts"
import * as MemoryStores from "../memory/stores.ts"
import { Statistics } from "../operations/Statistics.ts"
import { Publisher } from "../publishing/Publisher.ts"
import type { SettingStore } from "../settings/SettingStore.ts"
import { Settings } from "../settings/Settings.ts"
import * as SqlBroadcast from "../sql/connection/notifications.ts"
import { reach } from "../sql/connection/reach.ts"
import { stores } from "../sql/stores.ts"
import type { ActorStore } from "../stores/ActorStore.ts"
import type { AuditStore } from "../stores/AuditStore.ts"
import type { ContractStore } from "../stores/ContractStore.ts"
import type { DeadLetterStore } from "../stores/DeadLetterStore.ts"
import type { DiagnosisStore } from "../stores/DiagnosisStore.ts"
import type { ErrorGroupStore } from "../stores/ErrorGroupStore.ts"
import type { EventSearchStore } from "../stores/EventSearchStore.ts"
import type { InboxStore } from "../stores/InboxStore.ts"
import type { LineageStore } from "../stores/LineageStore.ts"
import type { LinkStore } from "../stores/LinkStore.ts"
import type { OperationStore } from "../stores/OperationStore.ts"
import type { OutboxStore } from "../stores/OutboxStore.ts"
import type { ReplicaStore } from "../stores/ReplicaStore.ts"
import { SqlCapabilities } from "../stores/SqlCapabilities.ts"
import type { StatisticStore } from "../stores/StatisticStore.ts"
import type { SubscriptionStore } from "../stores/SubscriptionStore.ts"
import type { Transactor } from "../stores/Transactor.ts"
import { Notifier } from "../wakeups/Notifier.ts"

import { defaultWait, type Options, refuse, validate } from "./layerOptions.ts"
import { warnOfTestClock } from "./testClock.ts"
import { type WhatPeopleAsk, whatPeopleAsk } from "./whatPeopleAsk.ts"

export type { Options } from "./layerOptions.ts"
export { run } from "./run.ts"

/** Everything `IntegrationLive` provides. @since 0.1.0 */
export type Services =
  | Publisher
  | ProcessorModule.Processor
  | WhatPeopleAsk
  | Registry
  | ContractStore
  | StatisticStore
  | LineageStore
  | LinkStore
  | OutboxStore
  | InboxStore
  | DeadLetterStore
  | ErrorGroupStore
  | DiagnosisStore
  | EventSearchStore
  | OperationStore
  | AuditStore
  | ReplicaStore
  | SubscriptionStore
  | SettingStore
  | ActorStore
  | Settings
  | Notifier
  | Transactor

/** Why the layer could not be built. @since 0.1.0 */
export type IntegrationError =
  | InvalidOption
  | UnsupportedOption
  | MigrationFailed
  | SchemaMismatch
  | StoreError
  | Config.ConfigError

/** Connections of `PgClient`'s pool when its configuration does not say. */
const defaultPoolSize = 10

/** Bytes that `PgClient` takes in one message when its configuration does not say; `largestContent` goes by it. */
const defaultMessageSize = 16_777_216

/** Batches take at most half the pool, so that the application never waits for them. */
const batchesFor = (poolSize: number) => Math.max(1, Math.floor(poolSize / 2))

const processor = (options: Options) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const config: PgClient.PgPoolConfig = (yield* PgClient.PgClient).config
      const poolSize = config.maxConnections ?? defaultPoolSize
      const { singleSession } = yield* SqlCapabilities
      if (poolSize < 2 && !singleSession) {
        return yield* refuse("maxConnections of PgClient", poolSize, "at least 2: a batch of deliveries holds one")
      }
      const messageSize = config.maxMessageSize ?? defaultMessageSize
      if (messageSize < defaultMessageSize) {
        return yield* refuse(
          "maxMessageSize of PgClient",
          messageSize,
          `at least ${defaultMessageSize}: events may be as large`
        )
      }
      const { client } = options
      if (client !== undefined && singleSession) {
        return yield* refuse("client", client.name, "none with PGlite, whose one session is the integration's own")
      }
      const theirs = client === undefined ? poolSize : (client.maxConnections ?? defaultPoolSize)
      if (theirs < 2) {
        return yield* refuse(`connections of ${client?.name}`, theirs, "at least 2: a batch of deliveries holds one")
      }
      const maxConcurrentBatches = batchesFor(Math.min(poolSize, theirs))
      return ProcessorModule.Processor.layer({ ...options, maxConcurrentBatches })
    })
  )

/**
 * Services on top of the stores.
 *
 * @param broadcast - how processes wake each other
 */
const onStores = <E, R, R2>(
  options: Options,
  processor: Layer.Layer<ProcessorModule.Processor, E, R>,
  broadcast: Layer.Layer<never, never, R2>
) =>
  Layer.mergeAll(Publisher.layer(options), whatPeopleAsk(options)).pipe(
    Layer.provideMerge(processor),
    Layer.provide(options.statistics === false ? Layer.empty : Statistics.counting),
    Layer.provideMerge(Registry.layer),
    Layer.provideMerge(Notifier.layer),
    Layer.provide(broadcast),
    Layer.provideMerge(Settings.layer(options.settings))
  )

/** A layer whose parts are its own: parts that are constants would be shared with every other integration of a layer graph. */
const apart = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> => Layer.suspend(() => Layer.fresh(layer))

/** One instance for each client it is provided with, wherever in a layer graph: one database, one set of services. */
const perClient = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R | PgClient.PgClient> => {
  const instances = new WeakMap<PgClient.PgClient, Layer.Layer<A, E, R>>()
  const instanceOf = (client: PgClient.PgClient) => {
    const instance = instances.get(client) ?? apart(layer)
    instances.set(client, instance)
    return instance
  }
  return Layer.fromBuild((memoMap, scope) =>
    Effect.flatMap(PgClient.PgClient, (client) => Layer.buildWithMemoMap(instanceOf(client), memoMap, scope))
  )
}

/**
 * All services over PostgreSQL or PGlite. Needs the `PgClient` and `SqlClient` that `PgClient.layer` and
 * `PgLite.layer` provide.
 *
 * It may be provided with several clients in one layer graph, or used beside `layerMemory`: each has services of its own.
 * Building it migrates the tables, reads the settings and starts the poller. Fails with `InvalidOption`,
 * `UnsupportedOption`, `MigrationFailed`, `SchemaMismatch`, `StoreError`, or `ConfigError`.
 *
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<Services, IntegrationError, PgClient.PgClient | SqlClient.SqlClient> =>
  perClient(
    Layer.unwrap(
      Effect.as(
        Effect.all([validate(options), warnOfTestClock, reach(options.waitForDatabase ?? defaultWait)]),
        Layer.provideMerge(
          onStores(options, processor(options), SqlBroadcast.layer),
          stores(options.migrate ?? true, options.schema, options)
        )
      )
    )
  )

/** All services with default options: see `layer`. @since 0.1.0 */
export const IntegrationLive: Layer.Layer<Services, IntegrationError, PgClient.PgClient | SqlClient.SqlClient> =
  // Bundlers leave out the one that is not used, and the stores with it.
  /* @__PURE__ */ layer()

/**
 * Options of `layerMemory`: those of `layer` that make sense without a database.
 *
 * @since 0.1.0
 */
export type MemoryOptions = Omit<Options, "client" | "migrate" | "schema" | "announceInserts" | "waitForDatabase">

/** Nothing happens in memory that nobody is told of, so polls only keep settings up to date. */
const memorySettings = { pollingIntervalMs: 3_600_000, idlePollingIntervalMs: 3_600_000 }

/** What still runs at the end of a test would hold it up, and nothing it does is kept. */
const memoryGrace = { shutdownGracePeriod: "1 second" } as const

/** Nobody shares a pool here, and transactions wait only for each other's rows. */
const memoryProcessor = { isolation: "delivery" as const, maxConcurrentBatches: 1000 }

/**
 * All services without a database, for tests: the same behaviour, in memory. What handlers publish and link, and what
 * they write to `MemoryDatabase.ref`, rolls back with them. Time is that of `Clock`, so `TestClock` drives delays and
 * retries. Each delivery has a transaction of its own: a handler runs once per attempt. Nothing outlives the layer.
 *
 * Options and settings are those of `layer`, with its defaults, apart from `pollingIntervalMs` and
 * `idlePollingIntervalMs`, which are an hour, and `shutdownGracePeriod`, which is a second: of real time, when `TestClock`
 * stands still. Fails with `InvalidOption`, `UnsupportedOption`, or `ConfigError`.
 *
 * @since 0.1.0
 */
export const layerMemory = (options: MemoryOptions = {}): Layer.Layer<Services | MemoryDatabase, IntegrationError> => {
  const given = { ...options, settings: { ...memorySettings, ...options.settings } }
  const processor = ProcessorModule.Processor.layer({ ...memoryGrace, ...options, ...memoryProcessor }).pipe(
    // There is no connection that could fall silent, nor a server to end what is idle.
    Layer.provide(Layer.succeed(SqlCapabilities, { singleSession: false, lockTimeout: false }))
  )
  const { client }: Options = options
  return apart(
    Layer.unwrap(
      Effect.as(
        client === undefined
          ? validate(options)
          : refuse("client", client.name, "none in memory, where there is no database"),
        MemoryStores.wakeMissed.pipe(
          Layer.provideMerge(onStores(given, processor, Layer.empty)),
          Layer.provideMerge(MemoryStores.layer)
        )
      )
    )
  )
}

/** All services in memory with default options: see `layerMemory`. @since 0.1.0 */
export const IntegrationMemory: Layer.Layer<Services | MemoryDatabase, IntegrationError> = /* @__PURE__ */ layerMemory()
