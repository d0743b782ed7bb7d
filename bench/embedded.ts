/** The same work in memory, on PGlite in memory, and on PostgreSQL: what tests and the embedded default cost. */
import { Effect, Layer, ManagedRuntime } from "effect"
import { type Integration, IntegrationLive, IntegrationMemory, Processor, Subscriber } from "../src/index.ts"
import * as PgLite from "../src/pglite/PgLite.ts"
import { clientFor } from "./harness/database.ts"
import type { Bench, Run } from "./harness/model.ts"
import { counter, listsOf, payloads } from "./harness/work.ts"
import * as Here from "./here.ts"

const stores: Record<string, (url: string) => Layer.Layer<Integration.Services, unknown>> = {
  memory: () => IntegrationMemory,
  PGlite: () => IntegrationLive.pipe(Layer.provideMerge(PgLite.layerMemory)),
  PostgreSQL: (url: string) => IntegrationLive.pipe(Layer.provideMerge(clientFor(url)))
}

const on = (store: (url: string) => Layer.Layer<Integration.Services, unknown>) => async (run: Run) => {
  const { done, hit } = counter(run.size)
  const began = performance.now()
  const runtime = ManagedRuntime.make(store(run.url))
  await runtime.runPromise(Effect.asVoid(Processor))
  const startUp = performance.now() - began
  // Registered, so that the events are kept for it; paused, so that publishing is measured alone.
  const subscriber = Subscriber.make({
    consumer: Here.consumerName(),
    event: Here.Happened,
    handler: () => Effect.sync(hit)
  })
  runtime.runFork(Here.serving(subscriber))
  await runtime.runPromise(
    Effect.retry(
      Processor.use((_) => _.pause(Here.consumerName())),
      { times: 1000 }
    )
  )
  const all = payloads(run.size)
  const half = run.size / 2
  const single = await run.timed(() => Here.publishTenAtOnce(runtime, all.slice(0, half), Here.publish))
  const lists = await run.timed(() => Here.publishTenAtOnce(runtime, listsOf(all.slice(half)), Here.publishList))
  const drained = await run.timed(async () => {
    await runtime.runPromise(Processor.use((_) => _.resume(Here.consumerName())))
    await done
  })
  return {
    figures: {
      "ms to start": startUp,
      "published/s, one at a time": half / single.seconds,
      "published/s, lists of 100": half / lists.seconds,
      "drained/s": run.size / drained.seconds
    }
  }
}

export default {
  title: "stores",
  size: { short: 5000, long: 10_000 },
  relativeTo: "PostgreSQL",
  sides: Object.entries(stores).map(([name, store]) => ({ name, role: "here" as const, measure: on(store) }))
} satisfies Bench
