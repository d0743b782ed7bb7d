/** From the call that publishes to the handler, in one process that has nothing else to do. */
import { Effect } from "effect"
import * as Floor from "./floor.ts"
import { type Bench, latency } from "./harness/model.ts"
import { makeHandled, payloadOf, pingPong, sharedNow } from "./harness/work.ts"
import * as Here from "./here.ts"
import * as Graphile from "./peers/graphileWorker.ts"
import * as PersistedQueue from "./peers/persistedQueue.ts"
import * as PgBoss from "./peers/pgBoss.ts"

const graphile =
  (isTuned: boolean): Bench["sides"][number]["measure"] =>
  async (run) => {
    const handled = makeHandled()
    const utils = await Graphile.utilsFor(run.url)
    await Graphile.serve(run.url, () => handled.tell(sharedNow()), isTuned)
    return latency(await pingPong(run.size, (index) => Graphile.add(utils, payloadOf(index)), handled))
  }

export default {
  title: "wake-up in the same process",
  lessIsBetter: true,
  size: { short: 300, long: 1000 },
  sides: [
    {
      name: "bare SQL, told by the publisher",
      role: "floor",
      measure: async (run) => {
        const handled = makeHandled()
        await Floor.createTables(run.url)
        const runtime = Floor.bare(run.url)
        const publish = (index: number) =>
          runtime
            .runPromise(Effect.andThen(Floor.insert([payloadOf(index)]), Floor.batch("nothing", 10)))
            .then(() => handled.tell(sharedNow()))
        return latency(await pingPong(run.size, publish, handled))
      }
    },
    {
      name: "here",
      role: "here",
      measure: async (run) => {
        const handled = makeHandled()
        const runtime = await Here.serve(run.url, () => handled.tell(sharedNow()))
        return latency(await pingPong(run.size, (index) => runtime.runPromise(Here.publish(payloadOf(index))), handled))
      }
    },
    { name: "graphile-worker, default", role: "peer", measure: graphile(false) },
    { name: "graphile-worker, tuned", role: "peer", measure: graphile(true) },
    {
      name: "pg-boss, with NOTIFY",
      role: "peer",
      size: 100,
      measure: async (run) => {
        const handled = makeHandled()
        const boss = await PgBoss.serve(run.url, () => handled.tell(sharedNow()), true)
        return latency(await pingPong(run.size, (index) => PgBoss.send(boss, payloadOf(index)), handled))
      }
    },
    {
      name: "effect PersistedQueue",
      role: "peer",
      size: 100,
      measure: async (run) => {
        const handled = makeHandled()
        const runtime = await PersistedQueue.serve(run.url, () => handled.tell(sharedNow()))
        return latency(
          await pingPong(run.size, (index) => runtime.runPromise(PersistedQueue.offerAll([payloadOf(index)])), handled)
        )
      }
    }
  ]
} satisfies Bench
