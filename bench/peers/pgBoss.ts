/** pg-boss: https://timgit.github.io/pg-boss */
import { type Job, PgBoss } from "pg-boss"
import { type Measured, type Run, throughput } from "../harness/model.ts"
import { counter, handledTable, listsOf, type Payload, payloads, tenAtOnce } from "../harness/work.ts"

const queue = "bench"

/** Its own maintenance and schedules are left as they are; NOTIFY where it is measured with it. */
export const start = async (url: string, notify = false) => {
  const boss = new PgBoss({ connectionString: url, useListenNotify: notify })
  boss.on("error", (error) => console.error(error))
  await boss.start()
  await boss.createQueue(queue, { notify })
  await boss
    .getDb()
    .executeSql(handledTable)
    .catch(() => {})
  return boss
}

export const send = (boss: PgBoss, payload: Payload) => boss.send(queue, payload)

export const insert = (boss: PgBoss, list: ReadonlyArray<Payload>) =>
  boss.insert(
    queue,
    list.map((data) => ({ data }))
  )

/** As its documentation tunes throughput: large batches, several loops, no pause between full batches. */
const tuned = { batchSize: 500, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true }

/** Effects and completion in one transaction where rows are written: `transactional`. */
export const drain = async (run: Run, handler: "nothing" | "row", localConcurrency = 2): Promise<Measured> => {
  const options = { ...tuned, localConcurrency }
  const boss = await start(run.url)
  await tenAtOnce(listsOf(payloads(run.size)), (list) => insert(boss, list))
  await boss.getDb().executeSql("VACUUM ANALYZE")
  await boss.getDb().executeSql("CHECKPOINT")
  const { done, hit } = counter(run.size)
  const took = await run.timed(async () => {
    if (handler === "nothing") {
      await boss.work<Payload>(queue, options, async (jobs) => {
        for (const _ of jobs) hit()
      })
    } else {
      await boss.work(queue, { ...options, transactional: true }, async (jobs: ReadonlyArray<Job<Payload>>, tx) => {
        for (const job of jobs) {
          await tx.executeSql("INSERT INTO handled (thing) VALUES ($1)", [job.data.id])
          hit()
        }
      })
    }
    await done
    await untilCompleted(boss)
  })
  await boss.stop({ graceful: false })
  return throughput(run.size, took)
}

const untilCompleted = async (boss: PgBoss) => {
  const open = `SELECT 1 FROM pgboss.job WHERE name = '${queue}' AND state IN ('created', 'active', 'retry') LIMIT 1`
  while ((await boss.getDb().executeSql(open)).rows.length > 0) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** A worker that waits, with NOTIFY or with its defaults. */
export const serve = async (url: string, onHandled: () => void, notify: boolean) => {
  const boss = await start(url, notify)
  await boss.work<Payload>(queue, async () => onHandled())
  return boss
}

/** For `otherProcess.ts`. */
export const consume = (url: string, onHandled: () => void) => serve(url, onHandled, true)
