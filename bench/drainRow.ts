/** Draining what waits, with a handler that writes one row: exactly once here, in the floor, and in pg-boss. */

import * as Floor from "./floor.ts"
import type { Bench } from "./harness/model.ts"
import * as Here from "./here.ts"
import * as Graphile from "./peers/graphileWorker.ts"
import * as PersistedQueue from "./peers/persistedQueue.ts"
import * as PgBoss from "./peers/pgBoss.ts"

export default {
  title: "drain, handler writes one row",
  size: { short: 10_000, long: 20_000 },
  sides: [
    { name: "bare SQL", role: "floor", measure: (run) => Floor.drain(run, "row") },
    {
      name: "here",
      role: "here",
      measure: async (run) => {
        await Here.prepare(run)
        return Here.drain(run, "row")
      }
    },
    {
      name: "here, concurrency 2",
      role: "here",
      measure: async (run) => {
        await Here.prepare(run)
        return Here.drain(run, "row", {
          consumer: { concurrency: 2 },
          integration: { settings: { startupDrainEnabled: false } }
        })
      }
    },
    {
      name: "graphile-worker, default (at least once)",
      role: "peer",
      size: 1000,
      measure: (run) => Graphile.drain(run, "row", false)
    },
    {
      name: "graphile-worker, tuned (at least once)",
      role: "peer",
      measure: (run) => Graphile.drain(run, "row", true)
    },
    { name: "pg-boss, tuned", role: "peer", measure: (run) => PgBoss.drain(run, "row") },
    { name: "pg-boss, tuned, one loop", role: "peer", measure: (run) => PgBoss.drain(run, "row", 1) },
    {
      name: "effect PersistedQueue, 10 takers (at least once)",
      role: "peer",
      size: 1000,
      measure: (run) => PersistedQueue.drain(run, "row", "tuned")
    }
  ]
} satisfies Bench
