/** Draining what waits through `Subscriber.batch`: the rows of a batch are written with one statement. */

import * as Floor from "./floor.ts"
import type { Bench } from "./harness/model.ts"
import * as Here from "./here.ts"

export default {
  title: "drain through Subscriber.batch",
  size: { short: 20_000, long: 20_000 },
  sides: [
    { name: "bare SQL", role: "floor", measure: (run) => Floor.drain(run, "batch") },
    {
      name: "here",
      role: "here",
      measure: async (run) => {
        await Here.prepare(run)
        return Here.drain(run, "batch")
      }
    }
  ]
} satisfies Bench
