/** Draining as many events with a million finished ones kept, and with none. */
import { ManagedRuntime } from "effect"
import { deliveryId } from "../src/sql/writeDeliveries.ts"
import { clientFor, execute } from "./harness/database.ts"
import type { Bench, Run } from "./harness/model.ts"
import * as Here from "./here.ts"

/** Ids in the order of time, as those of published events are. */
const idOf = (n: string) =>
  `(lpad(to_hex(1700000000000 + ${n}), 12, '0') || '70008000' || lpad(to_hex(${n}), 12, '0'))::uuid`

/** Finished events as they are left behind, written by one statement each. */
export const keepFinished = async (url: string, count: number) => {
  const publisher = await Here.publisherOf(url)
  await publisher.dispose()
  const runtime = ManagedRuntime.make(clientFor(url))
  await execute(
    runtime,
    `INSERT INTO integration_event (id, event_name, source_module, aggregate_type, aggregate_id, payload, routed_at)
    SELECT ${idOf("n")}, '${Here.Happened.name}', 'bench', 'Thing', 'thing-' || n,
      jsonb_build_object('id', 'thing-' || n, 'text', repeat('x', 170)), now()
    FROM generate_series(1, ${count}) AS n`
  )
  await execute(
    runtime,
    `INSERT INTO inbox_event (id, outbox_event_id, consumer_name, event_name, position, status, attempt_count, processed_at)
    SELECT ${deliveryId("id", `'${Here.consumerName()}'`)}, id, '${Here.consumerName()}', event_name, position, 'processed', 1, now() FROM integration_event`
  )
  await runtime.dispose()
}

const withKept = (kept: number) => async (run: Run) => {
  if (kept > 0) await keepFinished(run.url, kept)
  await Here.prepare(run)
  return Here.drain(run, "row")
}

export default {
  title: "drain beside finished events, handler writes one row",
  size: { short: 20_000, long: 20_000 },
  relativeTo: "here, none kept",
  sides: [
    { name: "here, none kept", role: "here", measure: withKept(0) },
    { name: "here, 1,000,000 kept", role: "here", measure: withKept(1_000_000) }
  ]
} satisfies Bench
