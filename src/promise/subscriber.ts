/**
 * Handlers that return promises, as subscribers.
 *
 * @since 0.1.0
 */
import { Context, Effect } from "effect"
import type { Services } from "../integration/Integration.ts"
import * as ConsumerModule from "../model/Consumer.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import { RequiredClient } from "../stores/ClientTransaction.ts"
import type { AnyTransactionClient, TransactionClient } from "../stores/TransactionClient.ts"
import { type Dated, dated } from "../subscribing/dated.ts"
import { type HandlerContext, type HandlerServices, invoke } from "../subscribing/HandlerContext.ts"
import * as Subscriber from "../subscribing/Subscriber.ts"

/**
 * A handler that returns a promise, and what it is for.
 *
 * @typeParam Tx - what the client calls a transaction
 *
 * @since 0.1.0
 */
export interface SubscriberOptions<Source extends Subscriber.EventSource, Tx = undefined> {
  /** A `Consumer`, or a name for one with default options. */
  readonly consumer: ConsumerModule.Consumer | string
  /** A definition, several, a name, or a pattern (`*` stands for any characters). */
  readonly event: Source
  /** Resolving settles the delivery, rejecting fails the attempt. */
  readonly handler: (
    event: Dated<Subscriber.EventOf<NoInfer<Source>>>,
    context: HandlerContext<Tx>
  ) => PromiseLike<unknown> | unknown
  /** See `Subscriber.make`. */
  readonly priority?: number
  /**
   * `transactional`: everything the handler writes goes through its context, and commits with the delivery. `leased`
   * (default): it has effects elsewhere, or writes through another client. Wins over the consumer's options.
   */
  readonly mode?: ConsumerModule.Mode
  /**
   * The client of `createIntegration({ client })`: says what type the context's `tx` has, and makes the handler `transactional`. A
   * subscriber that an integration with another client is to run is refused.
   */
  readonly client?: TransactionClient<Tx>
}

/** A subscriber that `createIntegration` can run. @since 0.1.0 */
export type AnySubscriber = Subscriber.Subscriber<Services>

/** Promises are leased unless somebody says otherwise: nobody sees which connection they write through. */
const withMode = (
  { name, options }: ConsumerModule.Consumer,
  mode: ConsumerModule.Mode | undefined,
  client: AnyTransactionClient | undefined
) =>
  ConsumerModule.make(name, {
    ...options,
    mode: mode ?? options.mode ?? (client === undefined ? "leased" : "transactional")
  })

/**
 * Declares a handler that returns a promise: the payload's type follows from the definition.
 *
 * @since 0.1.0
 */
export const subscriber = <const Source extends Subscriber.EventSource, Tx = undefined>(
  options: SubscriberOptions<Source, Tx>
): Subscriber.Subscriber<HandlerServices> => {
  const { client, mode, ...declared } = options
  const { handler } = declared
  // What is missing is told as of any subscriber.
  if (typeof handler !== "function" || options.consumer === undefined) return Subscriber.make(declared as never)
  const consumer = withMode(ConsumerModule.from(options.consumer), mode, client)
  const made = Subscriber.make({
    ...declared,
    consumer,
    handler: (event: DomainEvent.DomainEvent) =>
      invoke((context) => handler(dated(event) as Dated<Subscriber.EventOf<NoInfer<Source>>>, context), Effect.void)
  })
  return client === undefined ? made : Subscriber.provideContext(made, Context.make(RequiredClient, client))
}
