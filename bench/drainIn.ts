/** A drain whose deliveries' transactions are opened by other clients: the handler writes one row through its own, as `drainRow` does. */
import { Effect, Layer, ManagedRuntime } from "effect"
import { Integration, Subscriber, transactionOf } from "../src/index.ts"
import { createWritten } from "../test/support/application.ts"
import { applicationOf, clientNames } from "../test/support/transactionClients.ts"
import { clientFor } from "./harness/database.ts"
import { type Bench, type Run, type Side, throughput } from "./harness/model.ts"
import { counter } from "./harness/work.ts"
import { consumerName, drain, Happened, prepare, serving, untilSettled } from "./here.ts"

const drainThrough = async (run: Run, name: string) => {
  await prepare(run)
  const app = applicationOf(name, { connectionString: run.url, schema: "public", max: 10, applicationName: undefined })
  await app.transaction((tx) => app.run(tx, createWritten))
  const { done, hit } = counter(run.size)
  const runtime = ManagedRuntime.make(
    Integration.layer({ client: app.client }).pipe(Layer.provideMerge(clientFor(run.url)))
  )
  await runtime.runPromise(Effect.void)
  let n = 0
  const subscriber = Subscriber.make({
    consumer: consumerName(),
    event: Happened,
    handler: () => {
      hit()
      return Effect.flatMap(transactionOf(app.client), (tx) => Effect.promise(() => app.write(tx, { name, n: n++ })))
    }
  })
  const took = await run.timed(async () => {
    runtime.runFork(serving(subscriber))
    await done
    await untilSettled(runtime)
  })
  await runtime.dispose()
  await app.end()
  return throughput(run.size, took)
}

export default {
  title: "drain, one row each, in transactions of other clients",
  size: { short: 3000, long: 10_000 },
  relativeTo: "here",
  sides: [
    {
      name: "here",
      role: "here",
      measure: async (run) => {
        await prepare(run)
        return drain(run, "row")
      }
    },
    ...clientNames.map((name): Side => ({ name, role: "here", measure: (run) => drainThrough(run, name) }))
  ]
} satisfies Bench
