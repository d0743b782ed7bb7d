/** The application of the tests, on each store, with its dashboard on loopback. */
import { type Effect, Layer, Logger, ManagedRuntime } from "effect"
import { onTestFinished } from "vitest"
import { Admin, type AdminServerOptions } from "../../../src/admin.ts"
import { Dashboard } from "../../../src/dashboard.ts"
import { Integration, Subscriber } from "../../../src/index.ts"
import * as PgLite from "../../../src/pglite/PgLite.ts"
import { postgres } from "../../../test/support/databases.ts"
import { type Switches, subscribersOf } from "./modules.ts"

export const storeNames = ["memory", "PGlite", "PostgreSQL"] as const

export type StoreName = (typeof storeNames)[number]

export interface Options extends Pick<AdminServerOptions, "allowedHosts" | "auth" | "basePath" | "origin"> {
  readonly port?: number
  /** Beside those of the three modules. */
  readonly subscribers?: ReturnType<typeof subscribersOf>
}

/** Retries come fast, and few: what fails gives up at once. */
const settings = { retryBaseDelayMs: 100, maxAttempts: 2, pollingIntervalMs: 200, idlePollingIntervalMs: 200 }

const stores = {
  memory: () => Integration.layerMemory({ settings }),
  PGlite: () => Layer.provide(Integration.layer({ settings }), PgLite.layerMemory),
  PostgreSQL: () => Layer.provide(Integration.layer({ settings }), postgres())
}

/** Starts it; it ends with the test, or before. */
export const startApplication = async (store: StoreName, { port = 0, subscribers = [], ...served }: Options = {}) => {
  const switches: Switches = { isProviderDown: false, letters: [] }
  const dashboard = Dashboard.layer({ port, environment: "test", ...served })
  const Live = dashboard.pipe(
    Layer.provide(Admin.layer),
    Layer.provideMerge(Subscriber.layer(...subscribersOf(switches), ...subscribers)),
    Layer.provideMerge(stores[store]()),
    Layer.provide(Logger.layer([]))
  )
  const runtime = ManagedRuntime.make(Live)
  const stop = () => runtime.dispose()
  onTestFinished(stop)
  const { port: bound, url } = await runtime.runPromise(Dashboard)
  type Services = ManagedRuntime.ManagedRuntime.Services<typeof runtime>
  return {
    switches,
    stop,
    url,
    port: bound,
    run: <A, E>(effect: Effect.Effect<A, E, Services>) => runtime.runPromise(effect)
  }
}
