/** Draining beside 100,000 dead letters of the same consumer, and beside none. */
import { ManagedRuntime } from "effect"
import { keepFinished } from "./growth.ts"
import { clientFor, execute } from "./harness/database.ts"
import type { Bench, Run } from "./harness/model.ts"
import * as Here from "./here.ts"

const beside = (count: number) => async (run: Run) => {
  if (count > 0) {
    await keepFinished(run.url, count)
    const runtime = ManagedRuntime.make(clientFor(run.url))
    await execute(runtime, "UPDATE inbox_event SET status = 'dead_letter', last_error = 'bench'")
    await runtime.dispose()
  }
  await Here.prepare(run)
  return Here.drain(run, "nothing")
}

export default {
  title: "drain beside dead letters, handler does nothing",
  size: { short: 20_000, long: 20_000 },
  relativeTo: "none",
  sides: [
    { name: "none", role: "here", measure: beside(0) },
    { name: "100,000 dead letters", role: "here", measure: beside(100_000) }
  ]
} satisfies Bench
