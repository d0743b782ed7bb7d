/** Publishing one event at a time, ten at once; nobody consumes yet. */

import * as Floor from "./floor.ts"
import { type Bench, throughput } from "./harness/model.ts"
import { payloads, tenAtOnce } from "./harness/work.ts"
import * as Here from "./here.ts"
import * as Graphile from "./peers/graphileWorker.ts"
import * as PersistedQueue from "./peers/persistedQueue.ts"
import * as PgBoss from "./peers/pgBoss.ts"

export default {
  title: "publish one at a time, 10 at once",
  size: { short: 10_000, long: 20_000 },
  sides: [
    {
      name: "bare SQL",
      role: "floor",
      measure: async (run) => {
        await Floor.createTables(run.url)
        const runtime = Floor.bare(run.url)
        const each = payloads(run.size).map((payload) => [payload])
        await runtime.runPromise(Floor.insertAll(each.slice(0, 100)))
        return throughput(run.size, await run.timed(() => runtime.runPromise(Floor.insertAll(each))))
      }
    },
    {
      name: "here",
      role: "here",
      measure: async (run) => {
        const runtime = await Here.publisherOf(run.url)
        await Here.publishTenAtOnce(runtime, payloads(100), Here.publish)
        const all = payloads(run.size)
        return throughput(run.size, await run.timed(() => Here.publishTenAtOnce(runtime, all, Here.publish)))
      }
    },
    {
      name: "effect PersistedQueue",
      role: "peer",
      measure: async (run) => {
        const runtime = await PersistedQueue.runtimeFor(run.url)
        await runtime.runPromise(PersistedQueue.offerAll(payloads(100)))
        const all = PersistedQueue.offerAll(payloads(run.size))
        return throughput(run.size, await run.timed(() => runtime.runPromise(all)))
      }
    },
    {
      name: "pg-boss",
      role: "peer",
      measure: async (run) => {
        const boss = await PgBoss.start(run.url)
        await tenAtOnce(payloads(100), (payload) => PgBoss.send(boss, payload))
        const all = payloads(run.size)
        return throughput(run.size, await run.timed(() => tenAtOnce(all, (payload) => PgBoss.send(boss, payload))))
      }
    },
    {
      name: "graphile-worker",
      role: "peer",
      measure: async (run) => {
        const utils = await Graphile.utilsFor(run.url)
        await tenAtOnce(payloads(100), (payload) => Graphile.add(utils, payload))
        const all = payloads(run.size)
        return throughput(run.size, await run.timed(() => tenAtOnce(all, (payload) => Graphile.add(utils, payload))))
      }
    }
  ]
} satisfies Bench
