/** Draining what waits, with a handler that does nothing. */

import * as Floor from "./floor.ts"
import type { Bench } from "./harness/model.ts"
import * as Here from "./here.ts"
import * as Graphile from "./peers/graphileWorker.ts"
import * as PersistedQueue from "./peers/persistedQueue.ts"
import * as PgBoss from "./peers/pgBoss.ts"

export default {
  title: "drain, handler does nothing",
  size: { short: 20_000, long: 20_000 },
  sides: [
    { name: "bare SQL", role: "floor", measure: (run) => Floor.drain(run, "nothing") },
    {
      name: "here",
      role: "here",
      measure: async (run) => {
        await Here.prepare(run)
        return Here.drain(run, "nothing")
      }
    },
    {
      name: "here, concurrency 2",
      role: "here",
      measure: async (run) => {
        await Here.prepare(run)
        return Here.drain(run, "nothing", {
          consumer: { concurrency: 2 },
          integration: { settings: { startupDrainEnabled: false } }
        })
      }
    },
    {
      name: "graphile-worker, default",
      role: "peer",
      size: 2000,
      measure: (run) => Graphile.drain(run, "nothing", false)
    },
    { name: "graphile-worker, tuned", role: "peer", measure: (run) => Graphile.drain(run, "nothing", true) },
    { name: "pg-boss, tuned", role: "peer", measure: (run) => PgBoss.drain(run, "nothing") },
    {
      name: "effect PersistedQueue, default",
      role: "peer",
      size: 1000,
      measure: (run) => PersistedQueue.drain(run, "nothing", "default")
    },
    {
      name: "effect PersistedQueue, 10 takers",
      role: "peer",
      size: 2000,
      measure: (run) => PersistedQueue.drain(run, "nothing", "tuned")
    }
  ]
} satisfies Bench
