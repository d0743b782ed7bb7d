/** One measurement in a process of its own: `node child.ts <bench> <side> <url> <size>`. Tells its parent the result. */
import type { Bench, Run } from "./model.ts"
import { profiled } from "./profile.ts"
import { openStorage } from "./storage.ts"
import { timedIn } from "./usage.ts"

const [bench = "", side = "", url = "", size = ""] = process.argv.slice(2)
const { default: definition }: { default: Bench } = await import(`../${bench}.ts`)
const found = definition.sides.find((_) => _.name === side)
if (found === undefined) throw new Error(`no side "${side}" in ${bench}`)
const folder = process.env.BENCH_PROFILES
const timed = timedIn(await openStorage(url))
const run: Run = {
  url,
  size: Number(size),
  timed: folder === undefined ? timed : (work) => profiled(folder, `${bench}-${side}`, () => timed(work))
}
const measured = await found.measure(run)
process.send?.({ measured, peakMegabytes: process.resourceUsage().maxRSS / 1024 }, () => process.exit(0))
