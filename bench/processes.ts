/** Draining with one, two and four processes, on a machine of two cores that also runs the server. */
import { ManagedRuntime } from "effect"
import { clientFor, execute } from "./harness/database.ts"
import { type Bench, type Run, throughput } from "./harness/model.ts"
import { startOther } from "./harness/otherProcess.ts"
import * as Here from "./here.ts"

/** All processes have started, and wait, when the events become due. */
const startUpSeconds = 8

const by = (processes: number) => async (run: Run) => {
  await Here.prepare(run)
  const runtime = ManagedRuntime.make(clientFor(run.url))
  await execute(runtime, `UPDATE inbox_event SET available_at = now() + interval '${startUpSeconds} seconds'`)
  await execute(runtime, "VACUUM ANALYZE inbox_event")
  const module = new URL("./here.ts", import.meta.url).href
  const others = await Promise.all(Array.from({ length: processes }, () => startOther(module, run.url)))
  const isWaiting = "SELECT 1 FROM inbox_event WHERE available_at > clock_timestamp() LIMIT 1"
  while ((await execute(runtime, isWaiting)).length > 0) await new Promise((resolve) => setTimeout(resolve, 2))
  const took = await run.timed(() => Here.untilSettled(runtime))
  for (const { stop } of others) stop()
  await runtime.dispose()
  return { figures: throughput(run.size, took).figures }
}

export default {
  title: "drain by several processes, handler does nothing",
  size: { short: 20_000, long: 50_000 },
  relativeTo: "1 process",
  sides: [1, 2, 4].map((processes) => ({
    name: processes === 1 ? "1 process" : `${processes} processes`,
    role: "here" as const,
    measure: by(processes)
  }))
} satisfies Bench
