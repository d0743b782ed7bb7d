/** Memory of a process that drains a long queue: after a tenth of it, and at its end. */
import { ManagedRuntime } from "effect"
import { deliveryId } from "../src/sql/writeDeliveries.ts"
import { clientFor, execute } from "./harness/database.ts"
import type { Bench, Run } from "./harness/model.ts"
import * as Here from "./here.ts"

const seed = async (url: string, count: number) => {
  const publisher = await Here.publisherOf(url)
  await publisher.dispose()
  const runtime = ManagedRuntime.make(clientFor(url))
  await execute(
    runtime,
    `INSERT INTO integration_event (event_name, source_module, aggregate_type, aggregate_id, payload, routed_at)
    SELECT '${Here.Happened.name}', 'bench', 'Thing', 'thing-' || n,
      jsonb_build_object('id', 'thing-' || n, 'text', repeat('x', 170)), now()
    FROM generate_series(1, ${count}) AS n`
  )
  await execute(
    runtime,
    `INSERT INTO inbox_event (id, outbox_event_id, consumer_name, event_name, position)
    SELECT ${deliveryId("id", `'${Here.consumerName()}'`)}, id, '${Here.consumerName()}', event_name, position FROM integration_event ORDER BY position`
  )
  await execute(runtime, "VACUUM ANALYZE")
  await runtime.dispose()
}

const megabytes = () => process.memoryUsage().rss / 1_048_576

const measure = async (run: Run) => {
  await seed(run.url, run.size)
  let handled = 0
  let early = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const began = performance.now()
  const runtime = await Here.serve(run.url, () => {
    handled++
    if (handled === Math.floor(run.size / 10)) early = megabytes()
    if (handled === run.size) resolve()
  })
  await promise
  const seconds = (performance.now() - began) / 1000
  const late = megabytes()
  await runtime.dispose()
  return { figures: { "MB after a tenth": early, "MB at the end": late, "events/s": run.size / seconds } }
}

export default {
  title: "memory of a drain",
  lessIsBetter: true,
  size: { short: 100_000, long: 1_000_000 },
  rounds: 1,
  sides: [{ name: "here", role: "here", measure }]
} satisfies Bench
