/** What the screens of operations ask for, beside as many finished events as are kept: the server's time for each. */
import { Layer, ManagedRuntime } from "effect"
import { Admin } from "../src/admin.ts"
import { Integration } from "../src/index.ts"
import { clientFor, execute } from "./harness/database.ts"
import { type Bench, median, type Run } from "./harness/model.ts"
import { consumers, fill } from "./harness/screensData.ts"
import { type Known, screens } from "./harness/screensQuestions.ts"
import { replicas } from "./harness/screensRecords.ts"
import { type ServerTime, serverTime } from "./harness/serverTime.ts"

/** How often each is asked for. */
const times = 5

/** Of a story in the middle. */
const knownOf = async (runtime: Parameters<typeof execute>[0], size: number): Promise<Known> => {
  const [row] = (await execute(
    runtime,
    `SELECT id::text AS event, correlation_id AS root, (extract(epoch FROM created_at) * 1000)::float8 AS noon
    FROM integration_event WHERE position = ${Math.floor(size / 2 / 5) * 5}`
  )) as ReadonlyArray<Omit<Known, "size">>
  if (row === undefined) throw new Error("there are events")
  return { ...row, size }
}

const said = (name: string, all: ReadonlyArray<ServerTime>, whole: number) =>
  process.stderr.write(
    `${name}: ${all[0]?.statements} statements, longest ${median(all.map(({ largest }) => largest)).toFixed(1)} ms ` +
      `(${median(all.map(({ processor }) => processor)).toFixed(1)} on a processor), all ${median(all.map(({ sum }) => sum)).toFixed(1)} ms, with sending and reading ${whole.toFixed(1)} ms\n`
  )

/** Figures of a database that is filled. @param isMeant - whether to ask a question */
export const askAll = async (url: string, size: number, isMeant = (_name: string) => true) => {
  const runtime = ManagedRuntime.make(
    Admin.layer.pipe(
      Layer.provideMerge(
        Integration.layer({ settings: { pollingIntervalMs: 3_600_000, idlePollingIntervalMs: 3_600_000 } })
      ),
      Layer.provideMerge(clientFor(url))
    )
  )
  const known = await knownOf(runtime, size)
  await execute(runtime, replicas(consumers))
  const figures: Record<string, number> = {}
  for (const { ask, name } of screens.filter(({ name }) => isMeant(name))) {
    const all: Array<ServerTime> = []
    const whole: Array<number> = []
    for (let time = 0; time < times + 1; time++) {
      const began = performance.now()
      await runtime.runPromise(ask(known))
      const took = performance.now() - began
      const explained = await runtime.runPromise(serverTime(ask(known)))
      // The first fills caches.
      if (time > 0) all.push(explained)
      if (time > 0) whole.push(took)
    }
    said(name, all, median(whole))
    figures[`ms, ${name}`] = median(all.map(({ sum }) => sum))
  }
  await runtime.dispose()
  return figures
}

const measure = async ({ size, url }: Run) => {
  const plain = ManagedRuntime.make(clientFor(url))
  await fill(url, plain, size)
  await plain.dispose()
  return { figures: await askAll(url, size) }
}

export default {
  title: "server's time of a screen's question",
  lessIsBetter: true,
  size: { short: 100_000, long: 1_000_000 },
  rounds: 1,
  sides: [{ name: "here", role: "here", measure }]
} satisfies Bench
