/** From the call that publishes to the handler in another process; neither has anything else to do. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Floor from "./floor.ts"
import { type Bench, latency } from "./harness/model.ts"
import { startOther } from "./harness/otherProcess.ts"
import { payloadOf, pingPong } from "./harness/work.ts"
import * as Here from "./here.ts"
import * as Graphile from "./peers/graphileWorker.ts"
import * as PgBoss from "./peers/pgBoss.ts"

const moduleOf = (path: string) => new URL(path, import.meta.url).href

const measureWith = async (
  module: string,
  { size, url }: { readonly size: number; readonly url: string },
  publish: (index: number) => Promise<unknown>
) => {
  const other = await startOther(moduleOf(module), url)
  const millis = await pingPong(size, publish, other.handled)
  other.stop()
  return latency(millis)
}

export default {
  title: "wake-up from another process",
  lessIsBetter: true,
  size: { short: 300, long: 1000 },
  sides: [
    {
      name: "bare SQL, NOTIFY",
      role: "floor",
      measure: async (run) => {
        await Floor.createTables(run.url)
        const runtime = Floor.bare(run.url)
        const notify = SqlClient.SqlClient.use((sql) => sql`NOTIFY bench`)
        return measureWith("./floor.ts", run, (index) =>
          runtime.runPromise(Effect.andThen(Floor.insert([payloadOf(index)]), notify))
        )
      }
    },
    {
      name: "here",
      role: "here",
      measure: async (run) => {
        const runtime = await Here.publisherOf(run.url)
        return measureWith("./here.ts", run, (index) => runtime.runPromise(Here.publish(payloadOf(index))))
      }
    },
    {
      name: "graphile-worker",
      role: "peer",
      measure: async (run) => {
        const utils = await Graphile.utilsFor(run.url)
        return measureWith("./peers/graphileWorker.ts", run, (index) => Graphile.add(utils, payloadOf(index)))
      }
    },
    {
      name: "pg-boss, with NOTIFY",
      role: "peer",
      size: 100,
      measure: async (run) => {
        const boss = await PgBoss.start(run.url, true)
        return measureWith("./peers/pgBoss.ts", run, (index) => PgBoss.send(boss, payloadOf(index)))
      }
    }
  ]
} satisfies Bench
