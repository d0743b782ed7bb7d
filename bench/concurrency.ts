/**
 * Events published while their consumer is idle, as one list or one by one, for 1, 4 and 16 workers and handlers that are
 * slow or do nothing.
 */
import { Effect, Layer, ManagedRuntime } from "effect"
import { Consumer, Integration, Processor, Subscriber } from "../src/index.ts"
import { clientFor } from "./harness/database.ts"
import type { Bench, Run, Side } from "./harness/model.ts"
import { counter, listsOf, payloads } from "./harness/work.ts"
import * as Here from "./here.ts"

interface Setup {
  readonly workers: number
  readonly mode: Consumer.Mode
  readonly isList: boolean
  /** How long a handler takes, in milliseconds. */
  readonly takes: number
}

const measure =
  ({ isList, mode, takes, workers }: Setup) =>
  async (run: Run) => {
    const { done, hit } = counter(run.size)
    const subscriber = Subscriber.make({
      consumer: Consumer.make(Here.consumerName(), { concurrency: workers, mode }),
      event: Here.Happened,
      handler: () => Effect.andThen(takes === 0 ? Effect.void : Effect.sleep(takes), Effect.sync(hit))
    })
    const runtime = ManagedRuntime.make(
      Subscriber.layer(subscriber).pipe(
        Layer.provideMerge(Integration.layer()),
        // Batches take half of it.
        Layer.provideMerge(clientFor(run.url, 2 * workers + 4))
      )
    )
    await runtime.runPromise(Effect.asVoid(Processor))
    const { seconds } = await run.timed(async () => {
      const items = payloads(run.size)
      if (isList) for (const list of listsOf(items, run.size)) await runtime.runPromise(Here.publishList(list))
      else await Here.publishTenAtOnce(runtime, items, Here.publish)
      await done
      await Here.untilSettled(runtime)
    })
    await runtime.dispose()
    return { figures: { "events/s": run.size / seconds } }
  }

const setups: ReadonlyArray<Setup> = [250, 25, 0].flatMap((takes) =>
  ([true, false] as const).flatMap((isList) =>
    (["transactional", "leased"] as const).flatMap((mode) =>
      [1, 4, 16].map((workers): Setup => ({ workers, mode, isList, takes }))
    )
  )
)

const sideOf = (setup: Setup): Side => ({
  name: `${setup.takes} ms, ${setup.isList ? "list" : "single"}, ${setup.mode}, ${setup.workers} workers`,
  role: "here",
  measure: measure(setup),
  ...(setup.takes === 0 ? {} : { size: setup.takes === 250 ? 24 : 240 })
})

export default {
  title: "events of a consumer that was idle",
  size: { short: 2000, long: 5000 },
  relativeTo: "250 ms, list, transactional, 1 workers",
  sides: setups.map(sideOf)
} satisfies Bench
