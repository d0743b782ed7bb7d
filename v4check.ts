import { Layer, ManagedRuntime } from "effect"
import { Integration } from "./src/index.ts"
import { clientFor, execute } from "./bench/harness/database.ts"
import { startPostgres } from "./test/support/postgres.ts"
const server = await startPostgres({})
try {
const rt = ManagedRuntime.make(Integration.layer().pipe(Layer.provideMerge(clientFor(server.url, 4))))
await execute(rt, `INSERT INTO integration_event (id, event_name, source_module, aggregate_type, aggregate_id, payload, routed_at) SELECT gen_random_uuid(), 'a', 'm', 'T', n::text, jsonb_build_object('x', repeat('x', 180)), now() FROM generate_series(1, 300000) n`)
await rt.dispose()
const one = ManagedRuntime.make(clientFor(server.url, 1))
await execute(one, "VACUUM ANALYZE integration_event")
await execute(one, "SET plan_cache_mode = force_generic_plan")
for (const rows of [256, 2048, 16384, 65536]) {
  await execute(one, `PREPARE p${rows}(uuid, uuid, int) AS SELECT * FROM (SELECT e.id, e.event_name = 'x' AS m FROM integration_event AS e WHERE e.id BETWEEN $1 AND $2 ORDER BY e.id DESC LIMIT ${rows}) r LIMIT $3`)
  const plan: any = await execute(one, `EXPLAIN (ANALYZE, TIMING OFF) EXECUTE p${rows}('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', ${rows})`)
  console.log(rows, plan.map((r: any) => r["QUERY PLAN"]).join("\n"))
}
await one.dispose()
} finally { await server.stop() }
