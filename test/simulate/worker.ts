/** Runs seeds in a thread of its own: see `main.ts`. */
import { parentPort, workerData } from "node:worker_threads"
import { draw } from "./draw.ts"
import { simulate } from "./simulate.ts"

/** Which seeds: every `stride`-th from `first` up to `last`. */
export interface Share {
  readonly first: number
  readonly last: number
  readonly stride: number
}

/** What a thread has to say: of a seed that failed, and now and then how far it is. */
export type Report =
  | { readonly _tag: "Failed"; readonly seed: number; readonly violations: ReadonlyArray<string> }
  | { readonly _tag: "Done"; readonly seeds: number; readonly tasks: number }

const report = (message: Report) => parentPort?.postMessage(message)

// Nobody looks at stacks here, and they are a tenth of the work.
Error.stackTraceLimit = 0

const { first, last, stride } = workerData as Share
let seeds = 0
let tasks = 0
for (let seed = first; seed <= last; seed += stride) {
  const { steps, violations } = simulate(draw(seed), seed)
  seeds++
  tasks += steps
  if (violations.length > 0) report({ _tag: "Failed", seed, violations })
  if (seeds === 100) {
    report({ _tag: "Done", seeds, tasks })
    seeds = tasks = 0
  }
}
report({ _tag: "Done", seeds, tasks })
