/** Transactions of a process that serves one consumer and has nothing to do. */
import { PgClient } from "@effect/sql-pg"
import { ManagedRuntime, Redacted } from "effect"
import { execute } from "./harness/database.ts"
import type { Bench, Measured, Run } from "./harness/model.ts"
import * as Here from "./here.ts"
import * as Graphile from "./peers/graphileWorker.ts"
import * as PersistedQueue from "./peers/persistedQueue.ts"
import * as PgBoss from "./peers/pgBoss.ts"

/** Counts from outside: looking from inside would count itself. The server's counters are a second or so behind. */
const watch = async (run: Run, start: () => Promise<unknown>): Promise<Measured> => {
  await start()
  const name = new URL(run.url).pathname.slice(1)
  const outside = new URL(run.url)
  outside.pathname = "/postgres"
  const runtime = ManagedRuntime.make(PgClient.layer({ url: Redacted.make(outside.href), maxConnections: 1 }))
  const transactions = async () => {
    const rows = await execute(
      runtime,
      `SELECT (xact_commit + xact_rollback)::int AS count FROM pg_stat_database WHERE datname = '${name}'`
    )
    return Number((rows[0] as { readonly count: number }).count)
  }
  // What starting leaves behind: sweeps, and statistics that the server has not counted yet.
  await new Promise((resolve) => setTimeout(resolve, 25_000))
  const before = await transactions()
  await new Promise((resolve) => setTimeout(resolve, run.size * 1000))
  return { figures: { "transactions/s": ((await transactions()) - before) / run.size } }
}

export default {
  title: "idle",
  lessIsBetter: true,
  // Whole rounds of what repeats here: polls every thirty seconds, a sign of life every two minutes.
  size: { short: 120, long: 360 },
  rounds: 1,
  isConcurrent: true,
  sides: [
    { name: "here", role: "here", measure: (run) => watch(run, () => Here.serve(run.url, () => {})) },
    {
      name: "graphile-worker",
      role: "peer",
      measure: (run) =>
        watch(run, async () => {
          await (await Graphile.utilsFor(run.url)).release()
          await Graphile.serve(run.url, () => {}, false)
        })
    },
    { name: "pg-boss", role: "peer", measure: (run) => watch(run, () => PgBoss.serve(run.url, () => {}, false)) },
    {
      name: "effect PersistedQueue",
      role: "peer",
      measure: (run) => watch(run, () => PersistedQueue.serve(run.url, () => {}))
    }
  ]
} satisfies Bench
