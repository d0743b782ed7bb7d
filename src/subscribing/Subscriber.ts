/**
 * Subscribers: handlers declared for events, under a consumer.
 *
 * `make` is pure; `layer` registers subscribers, drains what is due and runs their consumers' workers for as long as
 * the layer lives.
 *
 * @since 0.1.0
 */
import { Effect, Layer } from "effect"
import { Processor, type ServeError } from "../delivery/Processor.ts"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"
import { isSubscriber, provideContext } from "./declare.ts"

export type * from "../model/SubscriberValue.ts"
export * from "./declare.ts"
export { fromClass, fromInstance, isDecorated } from "./fromClass.ts"

/** What the handlers of these subscribers need. */
type Requirements<Each> = Each extends Subscriber<infer R> ? R : never

/** The error that names the first of these that was not made by `make`: types do not reach everybody. */
const strangeSubscriber = (given: ReadonlyArray<unknown>): InvalidOption | undefined => {
  const place = given.findIndex((each) => !isSubscriber(each))
  if (place === -1) return undefined
  const strange = given[place]
  return new InvalidOption({
    option: `subscribers[${place}] of Subscriber.layer`,
    value: strange === null ? "null" : Array.isArray(strange) ? "a list" : typeof strange,
    expected: Array.isArray(strange)
      ? "subscribers one by one: Subscriber.layer(...list)"
      : "one that was made with Subscriber.make, batch, fromClass or fromInstance"
  })
}

/**
 * Registers subscribers and runs their consumers while the layer lives.
 *
 * Building it writes the durable subscriptions, drains what was due (`startupDrainEnabled`), and starts the workers;
 * only then it is ready. Closing it, also while it is being built, stops claiming, lets running handlers finish within the
 * grace period, gives the rest back without counting their attempts, and only then removes the handlers.
 *
 * Fails with `DuplicateSubscriber`, `ConsumerConflict`, `InvalidIdentifier`, `InvalidOption`, `UnsupportedOption`, or
 * `StoreError`; nothing stays registered in this process then.
 *
 * @since 0.1.0
 */
// biome-ignore lint/suspicious/noExplicitAny: each subscriber brings its own requirements, collected in the result
export const layer = <Subscribers extends ReadonlyArray<Subscriber<any>>>(
  ...subscribers: Subscribers
): Layer.Layer<never, ServeError, Processor | Requirements<Subscribers[number]>> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const problem = strangeSubscriber(subscribers)
      if (problem !== undefined) return yield* problem
      const processor = yield* Processor
      const context = yield* Effect.context<Requirements<Subscribers[number]>>()
      yield* processor.serve(subscribers.map((subscriber) => provideContext(subscriber, context) as Subscriber))
    })
  )
