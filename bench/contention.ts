/** Four workers whose handlers update 200 shared rows, and what the application's own updates of them wait. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Subscriber } from "../src/index.ts"
import { execute } from "./harness/database.ts"
import { type Bench, percentile, type Run } from "./harness/model.ts"
import * as Here from "./here.ts"

const rows = 200

const update = (row: number) =>
  SqlClient.SqlClient.use((sql) => sql`UPDATE shared SET n = n + 1 WHERE id = ${row}`).pipe(
    Effect.withTracerEnabled(false)
  )

const rowOf = (id: string) => (Number(id.slice("thing-".length)) * 7919) % rows

const by = (workers: number) => async (run: Run) => {
  await Here.prepare(run)
  const runtime = Here.integration(run.url)
  await execute(runtime, "CREATE TABLE shared (id int PRIMARY KEY, n int NOT NULL)")
  await execute(runtime, `INSERT INTO shared SELECT n, 0 FROM generate_series(0, ${rows - 1}) AS n`)
  const consumer = { name: Here.consumerName(), options: { concurrency: workers } }
  const subscriber = Subscriber.make({
    consumer,
    event: Here.Happened,
    handler: (event) => update(rowOf(event.payload.id))
  })
  const waits: Array<number> = []
  let isOver = false
  const application = async () => {
    for (let row = 0; !isOver; row = (row + 13) % rows) {
      const began = performance.now()
      await runtime.runPromise(update(row))
      waits.push(performance.now() - began)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const took = await run.timed(async () => {
    runtime.runFork(Here.serving(subscriber))
    const own = application()
    await Here.untilSettled(runtime)
    isOver = true
    await own
  })
  await runtime.dispose()
  return {
    figures: {
      "events/s": run.size / took.seconds,
      "application's update, ms p50": percentile(waits, 0.5),
      "application's update, ms p99": percentile(waits, 0.99)
    }
  }
}

export default {
  title: "handlers that update 200 shared rows",
  size: { short: 5000, long: 10_000 },
  relativeTo: "1 worker",
  sides: [1, 4].map((workers) => ({
    name: workers === 1 ? "1 worker" : `${workers} workers`,
    role: "here" as const,
    measure: by(workers)
  }))
} satisfies Bench
