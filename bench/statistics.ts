/** What counting costs: the empty drain with statistics and without, long enough that they are written meanwhile. */
import type { Bench, Run } from "./harness/model.ts"
import * as Here from "./here.ts"

const counted = (statistics: boolean) => async (run: Run) => {
  const options = { integration: { statistics } }
  await Here.prepare(run, 1, undefined, options)
  return Here.drain(run, "nothing", options)
}

export default {
  title: "statistics: drain, handler does nothing",
  size: { short: 20_000, long: 20_000 },
  relativeTo: "here, without",
  sides: [
    { name: "here, without", role: "here", measure: counted(false) },
    { name: "here, with statistics", role: "here", measure: counted(true) }
  ]
} satisfies Bench
