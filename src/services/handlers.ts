/**
 * Handlers as the reference system has them.
 *
 * @since 0.1.0
 */
import type { Consumer } from "../model/Consumer.ts"
import type { HandlerContext } from "../subscribing/HandlerContext.ts"
import type { InboxService } from "./inboxService.ts"
import type { IntegrationLinkService } from "./integrationLinkService.ts"
import type { HandledEvent, ReferenceLogger } from "./reference.ts"

/** What a handler gets besides its event: as in the reference, and with what handlers have here. @since 0.1.0 */
// biome-ignore lint/suspicious/noExplicitAny: whatever the integration's client calls a transaction
export interface SubscriberContext extends Omit<HandlerContext<any>, "logger"> {
  readonly logger: ReferenceLogger
  readonly inboxService: InboxService
  /** Links that are created here commit with the delivery. */
  readonly linkService: IntegrationLinkService
}

/** Resolving settles the delivery, rejecting fails the attempt. @since 0.1.0 */
export type EventHandler = (event: HandledEvent, context: SubscriberContext) => Promise<void> | void

/** A handler, and what it is for. @since 0.1.0 */
export interface SubscriberDefinition {
  /** A name, or a pattern: `*` stands for any characters. */
  readonly eventName: string
  /** One mailbox. A consumer handles an event once: several handlers need several consumers. */
  readonly consumerName: string
  readonly handler: EventHandler
  /** See `Subscriber.make`: a head start over consumers of lower priority. Default 0. */
  readonly priority?: number
}

/** A handler, whose consumer may bring options: `consumerName: Consumer.make(name, options)`. @since 0.1.0 */
export interface Subscription extends Omit<SubscriberDefinition, "consumerName"> {
  readonly consumerName: string | Consumer
}

/** The same context with services; what it only has when it is asked for is not asked for. @internal */
export const contextWith = (
  context: HandlerContext,
  services: Pick<SubscriberContext, "logger" | "inboxService" | "linkService">
): SubscriberContext =>
  Object.defineProperties({} as SubscriberContext, {
    ...Object.getOwnPropertyDescriptors(context),
    ...Object.getOwnPropertyDescriptors(services)
  })
