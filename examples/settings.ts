/** Settings from options, environment and table, changed while the process runs. */
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import { Integration, SettingStore, Settings } from "../src/index.ts"
import * as PgLite from "../src/pglite/PgLite.ts"

// In an application this is the environment of the process.
const environment = ConfigProvider.fromEnvRecord({ CORE_INTEGRATION_OUTBOX_BATCH_SIZE: "30" })

const warnings = Logger.make(({ message }) => console.log(`warning: ${message}`))

const Live = Integration.layer({ settings: { batchSize: 20, maxAttempts: 5 } }).pipe(
  Layer.provideMerge(PgLite.layerMemory),
  Layer.provide(ConfigProvider.layer(environment)),
  Layer.provideMerge(Logger.layer([warnings]))
)

const program = Effect.gen(function* () {
  const settings = yield* Settings
  const store = yield* SettingStore
  const show = Effect.map(settings.current, ({ batchSize, maxAttempts }) => console.log({ batchSize, maxAttempts }))
  yield* show
  yield* store.set("core.integration.outbox.maxAttempts", 10, "an administrator")
  yield* settings.refresh // the poller does it too, within one interval
  yield* show
  yield* store.set("core.integration.outbox.maxAttempts", "many")
  yield* settings.refresh
  yield* show
})

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
{ batchSize: 30, maxAttempts: 5 }
{ batchSize: 30, maxAttempts: 10 }
warning: Setting core.integration.outbox.maxAttempts is many, expected an integer from 1 to 2147483647; using 5
{ batchSize: 30, maxAttempts: 5 }
*/
