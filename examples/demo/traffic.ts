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

/** Both are published: the shop of version 1 has one and the same contract as the first version of the other. */
const contracts = Contracts.layer([Events.InvoiceIssued, Events.CatalogViewed])

/** Its subscriptions stay when it is gone, as after a release that does not have it any more. */
const serveRetired = Effect.scoped(Layer.build(Subscriber.layer(Finance.retired)))

const pauseNewsletter = Processor.use((processor) =>
  processor.pause(Crm.newsletter, { reason: "the newsletter moves to another provider, until Monday" })
).pipe(Effect.provideService(Audit.CurrentActor, { name: "ana", role: "operator" }))

/** The consumers are served, and events published, until it is interrupted. */
export const traffic = Effect.gen(function* () {
  yield* serveRetired
  yield* pauseNewsletter
  yield* Generator.run
}).pipe(Effect.provide(Layer.merge(consumers, contracts)))
