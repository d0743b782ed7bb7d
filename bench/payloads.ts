/** Publishing one at a time, ten at once, and draining, by size of the payload. */
import type { Bench, Run } from "./harness/model.ts"
import { payloads } from "./harness/work.ts"
import * as Here from "./here.ts"

const of = (bytes: number) => async (run: Run) => {
  const publisher = await Here.publisherOf(run.url)
  const all = payloads(run.size, bytes)
  const published = await run.timed(() => Here.publishTenAtOnce(publisher, all, Here.publish))
  await publisher.dispose()
  const drained = await Here.drain(run, "nothing")
  return {
    ...drained,
    figures: { "published/s": run.size / published.seconds, "drained/s": drained.figures["events/s"] ?? 0 }
  }
}

export default {
  title: "payloads",
  size: { short: 5000, long: 5000 },
  relativeTo: "200 B",
  sides: [
    { name: "200 B", role: "here", measure: of(200) },
    { name: "10 kB", role: "here", measure: of(10_000) },
    { name: "1 MB", role: "here", size: 100, measure: of(1_000_000) }
  ]
} satisfies Bench
