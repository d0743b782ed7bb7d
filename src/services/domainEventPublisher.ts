/**
 * Publishing by the reference's names.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type * as EventModel from "../model/DomainEvent.ts"
import { type Untyped, untypedOf } from "../promise/untyped.ts"
import { Publisher } from "../publishing/Publisher.ts"
import type { UntypedEvent } from "../publishing/UntypedEvent.ts"
import { OutboxStore } from "../stores/OutboxStore.ts"
import type { DomainEvent, Json, OutboxEvent, PublishInput, PublishOptions } from "./reference.ts"
import { inClient } from "./refusals.ts"
import { outboxEvent, storedEvent } from "./rows.ts"
import type { Runner } from "./runner.ts"

/** What an event that was received has, and one that is published gets anew. */
const given = (event: DomainEvent | PublishInput): UntypedEvent => {
  // The publisher says what it wants instead.
  if (typeof event !== "object" || event === null) return event
  const { attempt, causationId, deliveryId, outboxEventId, timestamp, traceparent, ...rest } = event as Json
  return rest as UntypedEvent
}

/** Whether the row says more than what was given. */
const isSpecial = ({ availableAt, dedupeKey, delay }: UntypedEvent) =>
  availableAt !== undefined || dedupeKey !== undefined || delay !== undefined

/** What was stored: as the row says, where that is there already. */
const toRow = (event: UntypedEvent, stored: EventModel.Stored) =>
  isSpecial(event)
    ? Effect.map(
        OutboxStore.use((outbox) => outbox.findById(stored.id)),
        (row) => (row === undefined ? storedEvent(stored) : outboxEvent(row))
      )
    : Effect.succeed(storedEvent(stored))

/** Publishes one event, for the call of this name. @internal */
export const publishOne = (call: string, event: UntypedEvent, persistenceClient: unknown) =>
  inClient(
    call,
    persistenceClient,
    Effect.flatMap(Publisher.publishEvent(event), (stored) => toRow(event, stored))
  )

/**
 * `Publisher`, as the reference has it. Inside a handler, or `IntegrationServices.transaction`, what is published commits with that.
 *
 * What cannot be stored rejects as of `Publisher`. A `persistenceClient` is a transaction of the integration's `client`, which the events
 * become part of; without a `client` it rejects with `UnsupportedCall`, and what is none with `TransactionUnusable`.
 *
 * @since 0.1.0
 */
export class DomainEventPublisher {
  readonly #runner: Runner

  /** @internal */
  constructor(runner: Runner) {
    this.#runner = runner
  }

  /**
   * Publishes an event; resolves to it as it was stored.
   *
   * @since 0.1.0
   */
  publishEvent(input: PublishInput, options?: PublishOptions): Promise<OutboxEvent>
  publishEvent(
    eventName: string,
    sourceModule: string,
    aggregateType: string,
    aggregateId: string,
    payload?: Json,
    metadata?: EventModel.Metadata,
    options?: PublishOptions
  ): Promise<OutboxEvent>
  publishEvent(first: PublishInput | string, ...rest: ReadonlyArray<unknown>): Promise<OutboxEvent> {
    const isPositional = typeof first === "string"
    const event = isPositional ? untypedOf([first, ...rest.slice(0, 5)] as Untyped) : first
    const options = rest[isPositional ? 5 : 0]
    const { persistenceClient } = Object(options) as PublishOptions
    return this.#runner.run(publishOne("DomainEventPublisher.publishEvent", given(event), persistenceClient))
  }

  /** Publishes events: all or none, stored in the order given. */
  publishEvents(
    events: ReadonlyArray<DomainEvent | PublishInput>,
    options?: PublishOptions
  ): Promise<ReadonlyArray<OutboxEvent>> {
    const list = Array.isArray(events) ? events.map(given) : (events as never)
    return this.#runner.run(
      inClient(
        "DomainEventPublisher.publishEvents",
        options?.persistenceClient,
        Effect.flatMap(Publisher.publishEvents(list), (stored) =>
          Effect.forEach(stored, (each, index) => toRow(list[index] as UntypedEvent, each))
        )
      )
    )
  }
}
