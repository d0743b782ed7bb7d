/**
 * Publishing and linking in transactions of other clients, behind promises.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { Services } from "../integration/Integration.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import { publisherIn } from "../publishing/PublisherIn.ts"
import type { UntypedEvent } from "../publishing/UntypedEvent.ts"
import { linksIn } from "../stores/LinksIn.ts"
import type { TransactionClient } from "../stores/TransactionClient.ts"
import { type Dated, dated } from "../subscribing/dated.ts"
import type { PromiseLinks } from "../subscribing/HandlerContext.ts"

/** `PublisherIn` behind promises. @since 0.1.0 */
export interface PromisePublisherIn {
  /** Publishes an event of a definition. */
  readonly publish: <Name extends string, Payload>(
    definition: DomainEvent.Definition<Name, Payload>,
    payload: NoInfer<Payload>,
    options?: DomainEvent.PublishOptions
  ) => Promise<Dated<DomainEvent.Stored<Name, Payload>>>
  /** Publishes an event without a definition. */
  readonly publishEvent: (event: UntypedEvent) => Promise<Dated<DomainEvent.Stored>>
  /** Publishes events without a definition: all or none, stored in the order given. */
  readonly publishEvents: (events: ReadonlyArray<UntypedEvent>) => Promise<ReadonlyArray<Dated<DomainEvent.Stored>>>
}

type Run = <A, E>(effect: Effect.Effect<A, E, Services>) => Promise<A>

/** @internal */
export const promisePublisherIn = <Tx>(run: Run, tx: Tx, client?: TransactionClient<Tx>): PromisePublisherIn => {
  const publisher = publisherIn(tx, client)
  return {
    publish: (definition, payload, options) =>
      run(Effect.map(publisher.publish(definition, payload, options), (stored) => dated(stored))),
    publishEvent: (event) => run(Effect.map(publisher.publishEvent(event), (stored) => dated(stored))),
    publishEvents: (events) =>
      run(Effect.map(publisher.publishEvents(events), (all) => all.map((stored) => dated(stored))))
  }
}

/** @internal */
export const promiseLinksIn = <Tx>(run: Run, tx: Tx, client?: TransactionClient<Tx>): PromiseLinks => {
  const links = linksIn(tx, client)
  return {
    create: (link) => run(links.create(link)),
    findOutbound: (source, options) => run(links.findOutbound(source, options)),
    findInbound: (target, options) => run(links.findInbound(target, options))
  }
}
