/** graphile-worker: https://worker.graphile.org */
import { Logger, makeWorkerUtils, run as start, type Task } from "graphile-worker"
import { type Measured, type Run, throughput } from "../harness/model.ts"
import { counter, handledTable, listsOf, type Payload, payloads, tenAtOnce } from "../harness/work.ts"

const logger = new Logger(() => () => {})

export const utilsFor = async (url: string) => {
  const utils = await makeWorkerUtils({ connectionString: url, logger })
  await utils.migrate()
  return utils
}

type Utils = Awaited<ReturnType<typeof utilsFor>>

export const add = (utils: Utils, payload: Payload) => utils.addJob("handle", payload)

export const addList = (utils: Utils, list: ReadonlyArray<Payload>) =>
  utils.addJobs(list.map((payload) => ({ identifier: "handle", payload })))

/** As https://worker.graphile.org/docs/performance measures itself. */
const tuned = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0
}

const serveTask = (url: string, task: Task, isTuned: boolean) =>
  start({
    logger,
    noHandleSignals: true,
    preset: { worker: { connectionString: url, ...(isTuned ? tuned : {}) } },
    taskList: { handle: task }
  })

const query = (utils: Utils, text: string) => utils.withPgClient((client) => client.query(text))

export const drain = async (run: Run, handler: "nothing" | "row", isTuned: boolean): Promise<Measured> => {
  const utils = await utilsFor(run.url)
  await query(utils, handledTable)
  await tenAtOnce(listsOf(payloads(run.size)), (list) => addList(utils, list))
  await query(utils, "VACUUM ANALYZE")
  await query(utils, "CHECKPOINT")
  const { done, hit } = counter(run.size)
  const task: Task =
    handler === "nothing"
      ? () => hit()
      : async (payload, helpers) => {
          await helpers.query("INSERT INTO handled (thing) VALUES ($1)", [(payload as Payload).id])
          hit()
        }
  const took = await run.timed(async () => {
    await serveTask(run.url, task, isTuned)
    await done
    const open = "SELECT 1 FROM graphile_worker._private_jobs LIMIT 1"
    while ((await query(utils, open)).rows.length > 0) await new Promise((resolve) => setTimeout(resolve, 2))
  })
  return throughput(run.size, took)
}

/** A worker that waits. */
export const serve = (url: string, onHandled: () => void, isTuned: boolean) =>
  serveTask(url, () => onHandled(), isTuned)

/** For `otherProcess.ts`. */
export const consume = (url: string, onHandled: () => void) => serve(url, onHandled, false)
