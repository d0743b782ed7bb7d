/**
 * Publishing in a transaction that was opened with another database client.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"
import type { SqlUnavailable } from "../errors/StoreErrors.ts"
import type { TransactionUnusable } from "../errors/TransactionErrors.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import type { TransactionClient } from "../stores/TransactionClient.ts"
import { Transactor } from "../stores/Transactor.ts"
import { Publisher } from "./Publisher.ts"
import type { StoredOf } from "./stored.ts"
import type { PublishError, UntypedEvent } from "./UntypedEvent.ts"

/** Why an event cannot be published in a transaction of another client. @since 0.1.0 */
export type PublishInError = PublishError | TransactionUnusable | SqlUnavailable

type Publishing<A> = Effect.Effect<A, PublishInError, Publisher | Transactor>

/** `Publisher`, in one transaction. @since 0.1.0 */
export interface PublisherIn {
  /** See `Publisher.publish`. */
  readonly publish: <Name extends string, Payload>(
    definition: DomainEvent.Definition<Name, Payload>,
    payload: NoInfer<Payload>,
    options?: DomainEvent.PublishOptions
  ) => Publishing<DomainEvent.Stored<Name, Payload>>
  /** See `Publisher.publishAll`. */
  readonly publishAll: <const Publications extends ReadonlyArray<DomainEvent.Publication.Any>>(
    publications: Publications
  ) => Publishing<{ readonly [Index in keyof Publications]: StoredOf<Publications[Index]> }>
  /** See `Publisher.publishEvent`. */
  readonly publishEvent: (event: UntypedEvent) => Publishing<DomainEvent.Stored>
  /** See `Publisher.publishEvents`. */
  readonly publishEvents: (events: ReadonlyArray<UntypedEvent>) => Publishing<ReadonlyArray<DomainEvent.Stored>>
}

/**
 * Publishes in a transaction that the application opened with a client of its own: the events exist if and only if it commits. Their
 * consumers are woken some milliseconds after that commit: by PostgreSQL's notification in every process, or by this process, which asks what
 * became of the transaction. Checks, and what comes back, are those of `Publisher`.
 *
 * @param tx - what the client calls a transaction
 * @param client - what made of the client by `pgClient(pool)` and its like; default: the `client` of `Integration.layer`
 *
 * Its effects fail as those of `Publisher` do, and with `TransactionUnusable` when nothing can be written in the transaction; then nothing was.
 *
 * @since 0.1.0
 */
export const publisherIn = <Tx>(tx: Tx, client?: TransactionClient<Tx>): PublisherIn => {
  const within = <A, E>(effect: Effect.Effect<A, E, Publisher>) =>
    Transactor.use((transactor) => transactor.within(tx, effect, client))
  return {
    publish: (definition, payload, options) => within(Publisher.publish(definition, payload, options)),
    publishAll: (publications) => within(Publisher.publishAll(publications)),
    publishEvent: (event) => within(Publisher.publishEvent(event)),
    publishEvents: (events) => within(Publisher.publishEvents(events))
  }
}
