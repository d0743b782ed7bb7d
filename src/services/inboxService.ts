/**
 * Deliveries by the reference's names.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { EventNotFound } from "../errors/OperationErrors.ts"
import type { Services } from "../integration/Integration.ts"
import { checkIdentifier, isUuid } from "../model/storable.ts"
import { DeadLetters } from "../operations/DeadLetters.ts"
import type { Delivery } from "../stores/Delivery.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import { Transactor } from "../stores/Transactor.ts"
import { Notifier } from "../wakeups/Notifier.ts"
import * as HandMarks from "./handMarks.ts"
import type { InboxEvent, InboxEventStatus } from "./reference.ts"
import { refused } from "./refusals.ts"
import { inboxEvent } from "./rows.ts"
import type { OwnMark, Runner } from "./runner.ts"
import { TakenByHand } from "./takenByHand.ts"

/** What `updateStatus` of the reference takes besides. @since 0.1.0 */
export interface InboxEventChanges {
  readonly attemptCount?: number
  readonly lastError?: string | null
  readonly processedAt?: Date | null
}

const findOf = (outboxEventId: string, consumerName: string) =>
  isUuid(String(outboxEventId))
    ? Effect.map(
        InboxStore.use((inbox) => inbox.findByEvent(outboxEventId)),
        (deliveries) => deliveries.find(({ consumer }) => consumer === consumerName)
      )
    : Effect.succeed(undefined)

const getOrCreate = Effect.fnUntraced(function* (outboxEventId: string, consumerName: string) {
  yield* checkIdentifier("consumerName of InboxService.getOrCreate", consumerName, 255)
  const existing = yield* findOf(outboxEventId, consumerName)
  if (existing !== undefined) return inboxEvent(existing)
  const { announce } = yield* Notifier
  const { afterCommit } = yield* Transactor
  const isGiven =
    isUuid(String(outboxEventId)) && (yield* InboxStore.use((inbox) => inbox.deliver(outboxEventId, consumerName)))
  const created = isGiven ? yield* findOf(outboxEventId, consumerName) : undefined
  if (created === undefined) return yield* new EventNotFound({ eventId: String(outboxEventId) })
  yield* afterCommit(announce([consumerName]))
  return inboxEvent(created)
}, Transactor.withTransaction)

/**
 * `InboxStore` and `DeadLetters`, as the reference has them.
 *
 * The engine marks what its handlers handle: nobody has to. What is marked by hand is for consumers of their own, as of a job that asks
 * `getOrCreate`, works, and marks. A delivery that somebody else has in hand is left alone (`DeliveryNotMarked`); failed ones are
 * tried again, and give up, as all are. Inside a handler, marks of its own delivery take effect when it has returned: `markSkipped` as
 * `Subscriber.skip`, `markFailed` as an error; the last one counts. What is written of others commits with a transactional handler, and with
 * `IntegrationServices.transaction`; in a leased handler it is written at once.
 *
 * @since 0.1.0
 */
export class InboxService {
  readonly #runner: Runner
  readonly #taken = new TakenByHand()

  /** @internal */
  constructor(runner: Runner) {
    this.#runner = runner
  }

  /**
   * The delivery of an event for a consumer; one that is not there is made. A consumer that has a handler somewhere handles it then; of
   * another it is open until it is marked. Rejects with `EventNotFound`.
   */
  getOrCreate(outboxEventId: string, consumerName: string): Promise<InboxEvent> {
    return this.#runner.run(getOrCreate(outboxEventId, consumerName))
  }

  /**
   * Takes a delivery, for as long as the setting `processingLeaseMs` says: nobody else is given it, and its attempt is counted. It has to
   * be due. Taking it once more, before it is marked, keeps it for as long again. One that is not marked in time is taken for crashed, and
   * that attempt has failed: of a consumer that has a handler it is handled then, of another it can be taken or marked by anybody.
   */
  markProcessing(id: string): Promise<InboxEvent> {
    return this.#mark(id, { status: "processing" }, HandMarks.take(this.#taken, id))
  }

  /** Marks a delivery as processed; one that is processed already is left as it is. */
  markProcessed(id: string): Promise<InboxEvent> {
    return this.#mark(id, { status: "processed" }, HandMarks.settle(this.#taken, id, "processed", HandMarks.processed))
  }

  /** Counts a failed attempt: the delivery is due again after the delay of its consumer, or gives up. */
  markFailed(id: string, error: string): Promise<InboxEvent> {
    const said = String(error)
    return this.#mark(
      id,
      { status: "failed", error: said },
      HandMarks.settle(this.#taken, id, "failed", HandMarks.failed(said))
    )
  }

  /** Marks a delivery as skipped, also one that gave up. */
  markSkipped(id: string): Promise<InboxEvent> {
    return this.#mark(id, { status: "skipped" }, HandMarks.settle(this.#taken, id, "skipped", HandMarks.skipped))
  }

  /** Whether a consumer has processed an event. */
  isProcessed(outboxEventId: string, consumerName: string): Promise<boolean> {
    return this.#runner.run(
      Effect.map(findOf(outboxEventId, consumerName), (delivery) => delivery?.status === "processed")
    )
  }

  getById(id: string): Promise<InboxEvent | null> {
    const found = isUuid(String(id)) ? InboxStore.use((inbox) => inbox.findById(id)) : Effect.succeed(undefined)
    return this.#runner.run(Effect.map(found, (delivery) => (delivery === undefined ? null : inboxEvent(delivery))))
  }

  /** How many deliveries of a consumer are open: not handled yet, being handled, or to be tried again. */
  countUnprocessed(consumerName: string): Promise<number> {
    return this.#runner.run(
      Effect.map(
        InboxStore.use((inbox) => inbox.countByStatus),
        (counts) => counts.filter(({ consumer }) => consumer === consumerName).reduce((sum, { open }) => sum + open, 0)
      )
    )
  }

  /** Refused: attempts are counted where they are made. */
  incrementAttempt(_id: string): Promise<InboxEvent> {
    return refused(
      "InboxService.incrementAttempt",
      "An attempt is counted with its mark: by markProcessing when it begins, else by markProcessed, markFailed or markSkipped."
    )
  }

  /**
   * Same as the mark of that name; `received` opens a delivery that gave up again. Of `changes` there is `lastError`, for `failed`: attempts
   * and times are the engine's, and are refused.
   */
  updateStatus(id: string, status: InboxEventStatus, changes: InboxEventChanges = {}): Promise<InboxEvent> {
    const call = "InboxService.updateStatus"
    const { lastError, ...others } = changes
    const fields = Object.entries(others).filter(([, value]) => value !== undefined)
    if (fields.length > 0) {
      const names = fields.map(([name]) => name).join(", ")
      return refused(call, `${names}: attempts and times are written by the engine alone.`)
    }
    switch (status) {
      case "received":
        return this.#requeue(id)
      case "processing":
        return this.markProcessing(id)
      case "processed":
        return this.markProcessed(id)
      case "skipped":
        return this.markSkipped(id)
      case "failed":
        return this.markFailed(id, lastError ?? "marked as failed")
      default:
        return refused(
          call,
          `Status ${status} is none that can be set: a delivery gives up when its attempts are used.`
        )
    }
  }

  #requeue(id: string): Promise<InboxEvent> {
    return this.#runner.run(
      Effect.gen(function* () {
        yield* HandMarks.findDelivery(id)
        yield* DeadLetters.use((letters) => letters.requeue(id))
        return inboxEvent(yield* HandMarks.findDelivery(id))
      })
    )
  }

  /** @param marking - for a delivery whose handler is not the caller */
  #mark<E>(id: string, mark: OwnMark, marking: Effect.Effect<Delivery, E, Services>): Promise<InboxEvent> {
    if (!this.#runner.isHandling(id)) return this.#runner.run(Effect.map(marking, inboxEvent))
    this.#runner.mark(mark)
    return this.#runner.run(
      Effect.map(HandMarks.findDelivery(id), (delivery) => ({ ...inboxEvent(delivery), status: mark.status }))
    )
  }
}
