/**
 * `npm run demo -- --traffic`: three modules at work until somebody ends it. One consumer fails because a service it needs is
 * down, and that comes back; others fail for what is in a payload, are slow, paused, or not served any more.
 */
import { Effect, Layer } from "effect"
import { Audit, Contracts, Processor, Subscriber } from "../../src/index.ts"
import * as Crm from "./traffic/crm.ts"
import * as Events from "./traffic/events.ts"
import * as Finance from "./traffic/finance.ts"
import * as Generator from "./traffic/generator.ts"
import * as Operations from "./traffic/operations.ts"
import { PaymentProvider } from "./traffic/provider.ts"

const consumers = Subscriber.layer(...Finance.subscribers, ...Operations.subscribers, ...Crm.subscribers).pipe(
  Layer.provide(PaymentProvider.layer)
)

/** Also of events that nobody consumes. */
const contracts = Contracts.layer(Events.definitions)

/** Its subscriptions stay when it is gone, as after a release that does not have it any more: so it is served once, ever. */
const serveRetired = Effect.gen(function* () {
  const known = yield* Processor.use((processor) => processor.consumers)
  if (known.some(({ consumer }) => consumer === Finance.retired.consumer.name)) return
  yield* Effect.scoped(Layer.build(Subscriber.layer(Finance.retired)))
})

const pauseNewsletter = Processor.use((processor) =>
  processor.pause(Crm.newsletter, { reason: "the newsletter moves to another provider, until Monday" })
).pipe(Effect.provideService(Audit.CurrentActor, { name: "ana", role: "operator" }))

/** The consumers are served, and events published, until it is interrupted. */
export const traffic = Effect.gen(function* () {
  yield* serveRetired
  yield* pauseNewsletter
  yield* Generator.run
}).pipe(Effect.provide(Layer.merge(consumers, contracts)))
