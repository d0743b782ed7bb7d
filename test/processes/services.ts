/** Handles one event by the reference's names, in both modes, and does not come to an end: it is killed. */

import { Effect } from "effect"
import { Consumer } from "../../src/index.ts"
import { createServices, LinkType } from "../../src/services.ts"
import { say } from "./program.ts"

const services = createServices({
  url: process.env.TEST_DATABASE ?? "",
  settings: { processingLeaseMs: 1000, pollingIntervalMs: 200, idlePollingIntervalMs: 200 }
})

for (const mode of ["leased", "transactional"] as const) {
  services.registry.subscribe("crash", Consumer.make(`crash.${mode}`, { mode }), async (event, { linkService }) => {
    await linkService.createLink({
      sourceModule: "crash",
      sourceEntityType: mode,
      sourceEntityId: "unfinished",
      targetModule: "crash",
      targetEntityType: "Thing",
      targetEntityId: event.aggregateId,
      linkType: LinkType.REFERENCE
    })
    await services.publisher.publishEvent("crash.unfinished", "crash", mode, event.aggregateId)
    await Effect.runPromise(say("handling", { mode }))
    await new Promise(() => setInterval(() => {}, 1000))
  })
}
await services.start()
await Effect.runPromise(say("ready"))
