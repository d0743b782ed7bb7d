/**
 * Events by the reference's names.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { EventNotFound, UnsupportedCall } from "../errors/OperationErrors.ts"
import { isUuid } from "../model/storable.ts"
import { DeadLetters } from "../operations/DeadLetters.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import { OutboxStore } from "../stores/OutboxStore.ts"
import { Transactor } from "../stores/Transactor.ts"
import { publishOne } from "./domainEventPublisher.ts"
import { type OutboxEvent, OutboxEventStatus, type PublishInput } from "./reference.ts"
import { refused } from "./refusals.ts"
import { outboxEvent } from "./rows.ts"
import type { Runner } from "./runner.ts"

/** What `updateStatus` of the reference takes besides. @since 0.1.0 */
export interface OutboxEventChanges {
  readonly attemptCount?: number
  readonly lastError?: string | null
  readonly availableAt?: Date
  readonly processedAt?: Date | null
}

const statuses: ReadonlyArray<string> = Object.values(OutboxEventStatus)

const findRow = (eventId: string) =>
  isUuid(String(eventId)) ? OutboxStore.use((outbox) => outbox.findById(eventId)) : Effect.succeed(undefined)

const refuse = (reason: string) => new UnsupportedCall({ call: "OutboxService.updateStatus", reason })

const derived =
  "The status of an event follows from its deliveries. It can be set to pending, which opens those that gave up again, and to processed, which lets them go."

/** Opens the deliveries of an event that gave up, or lets them go. */
const change = Effect.fnUntraced(function* (
  eventId: string,
  status: OutboxEventStatus,
  changes: OutboxEventChanges | undefined
) {
  const row = yield* findRow(eventId)
  if (row === undefined) return yield* new EventNotFound({ eventId })
  const fields = Object.entries(changes ?? {}).filter(([, value]) => value !== undefined)
  if (fields.length > 0) {
    const names = fields.map(([name]) => name).join(", ")
    return yield* refuse(`${derived} ${names}: attempts, errors and times are written by the engine alone.`)
  }
  if (status !== "pending" && status !== "processed") {
    return row.status === status ? outboxEvent(row) : yield* refuse(derived)
  }
  const deliveries = yield* InboxStore.use((inbox) => inbox.findByEvent(eventId))
  const open = deliveries.filter(({ isOpen }) => isOpen).map(({ consumer }) => consumer)
  if (status === "processed" && open.length > 0) {
    return yield* refuse(
      `It is still to be handled by ${open.join(", ")}: InboxService.markSkipped ends such a delivery.`
    )
  }
  const gaveUp = deliveries.filter((each) => each.status === "dead_letter" || each.status === "failed")
  if (gaveUp.length === 0 && row.status === status) return outboxEvent(row)
  if (gaveUp.length === 0) return yield* refuse(`${derived} None of this one has: it is ${row.status}.`)
  const letters = yield* DeadLetters
  yield* Effect.forEach(
    gaveUp,
    ({ deliveryId }) => (status === "pending" ? letters.requeue(deliveryId) : letters.discard(deliveryId)),
    { discard: true }
  )
  return outboxEvent((yield* findRow(eventId)) ?? row)
}, Transactor.withTransaction)

/**
 * `OutboxStore` and `DeadLetters`, as the reference has them. What would take work out of the engine's hands is refused with
 * `UnsupportedCall`. Statuses that are set in a leased handler are written at once, whatever becomes of it.
 *
 * @since 0.1.0
 */
export class OutboxService {
  readonly #runner: Runner

  /** @internal */
  constructor(runner: Runner) {
    this.#runner = runner
  }

  /** Same as `DomainEventPublisher.publishEvent`. */
  createEvent(input: PublishInput, persistenceClient?: unknown): Promise<OutboxEvent> {
    return this.#runner.run(publishOne("OutboxService.createEvent", input, persistenceClient))
  }

  /** Refused: deliveries are claimed, not events, each for its consumer. */
  findPendingAndLock(_batchSize: number, _leaseMs: number): Promise<ReadonlyArray<OutboxEvent>> {
    return refused(
      "OutboxService.findPendingAndLock",
      "Not events are locked, but the deliveries of a consumer, by who handles them: OutboxProcessor.processBatch does, and InboxService.markProcessing takes one delivery by hand."
    )
  }

  /**
   * Opens the deliveries of an event that gave up (`pending`), whatever the others are, or lets them go (`processed`): all, or none. Other
   * statuses follow from its deliveries, and are refused; so are attempts, errors and times.
   */
  updateStatus(eventId: string, status: OutboxEventStatus, changes?: OutboxEventChanges): Promise<OutboxEvent> {
    return this.#runner.run(change(eventId, status, changes))
  }

  /** Refused: see `InboxService.markProcessing`. */
  markProcessing(_eventId: string, _leaseMs: number): Promise<OutboxEvent> {
    return refused(
      "OutboxService.markProcessing",
      "An event is processing while one of its deliveries is: InboxService.markProcessing takes one by hand."
    )
  }

  /** Refused: attempts are counted where they are made. */
  incrementAttempt(_eventId: string, _error?: string): Promise<OutboxEvent> {
    return refused(
      "OutboxService.incrementAttempt",
      "Attempts are counted for each consumer, where they are made: InboxService.markFailed counts one that was made by hand."
    )
  }

  /** An event with what its deliveries have come to; null when there is none. */
  getById(eventId: string): Promise<OutboxEvent | null> {
    return this.#runner.run(Effect.map(findRow(eventId), (row) => (row === undefined ? null : outboxEvent(row))))
  }

  /** How many events have a status. */
  countByStatus(status: OutboxEventStatus): Promise<number> {
    if (statuses.includes(status)) {
      return this.#runner.run(
        Effect.map(
          OutboxStore.use((outbox) => outbox.countByStatus),
          (counts) => counts[status] ?? 0
        )
      )
    }
    const expected = `one of ${statuses.join(", ")}`
    const option = "status of OutboxService.countByStatus"
    return Promise.reject(new InvalidOption({ option, value: String(status), expected }))
  }
}
