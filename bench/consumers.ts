/** Deliveries a second with 1, 5 and 20 consumers for each event. */
import type { Bench } from "./harness/model.ts"
import * as Here from "./here.ts"

export default {
  title: "drain for several consumers, handler does nothing (events)",
  size: { short: 5000, long: 10_000 },
  relativeTo: "1 consumer",
  sides: [1, 5, 20].map((consumers) => ({
    name: consumers === 1 ? "1 consumer" : `${consumers} consumers`,
    role: "here" as const,
    measure: async (run) => {
      await Here.prepare(run, consumers)
      return Here.drain(run, "nothing", { consumers })
    }
  }))
} satisfies Bench
