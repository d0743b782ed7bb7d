/** Publishing lists of 100, ten at once; nobody consumes yet. */

import * as Floor from "./floor.ts"
import { type Bench, throughput } from "./harness/model.ts"
import { listsOf, payloads, tenAtOnce } from "./harness/work.ts"
import * as Here from "./here.ts"
import * as Graphile from "./peers/graphileWorker.ts"
import * as PgBoss from "./peers/pgBoss.ts"

export default {
  title: "publish in lists of 100, 10 at once",
  size: { short: 20_000, long: 50_000 },
  sides: [
    {
      name: "bare SQL",
      role: "floor",
      measure: async (run) => {
        await Floor.createTables(run.url)
        const runtime = Floor.bare(run.url)
        await runtime.runPromise(Floor.insertAll(listsOf(payloads(1000))))
        const lists = listsOf(payloads(run.size))
        return throughput(run.size, await run.timed(() => runtime.runPromise(Floor.insertAll(lists))))
      }
    },
    {
      name: "here",
      role: "here",
      measure: async (run) => {
        const runtime = await Here.publisherOf(run.url)
        await Here.publishTenAtOnce(runtime, listsOf(payloads(1000)), Here.publishList)
        const lists = listsOf(payloads(run.size))
        return throughput(run.size, await run.timed(() => Here.publishTenAtOnce(runtime, lists, Here.publishList)))
      }
    },
    {
      name: "pg-boss",
      role: "peer",
      measure: async (run) => {
        const boss = await PgBoss.start(run.url)
        await tenAtOnce(listsOf(payloads(1000)), (list) => PgBoss.insert(boss, list))
        const lists = listsOf(payloads(run.size))
        return throughput(run.size, await run.timed(() => tenAtOnce(lists, (list) => PgBoss.insert(boss, list))))
      }
    },
    {
      name: "graphile-worker",
      role: "peer",
      measure: async (run) => {
        const utils = await Graphile.utilsFor(run.url)
        await tenAtOnce(listsOf(payloads(1000)), (list) => Graphile.addList(utils, list))
        const lists = listsOf(payloads(run.size))
        return throughput(run.size, await run.timed(() => tenAtOnce(lists, (list) => Graphile.addList(utils, list))))
      }
    }
  ]
} satisfies Bench
