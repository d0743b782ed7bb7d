/**
 * Errors of operations: what is asked for is not there, or not possible now.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** No event has this id. @since 0.1.0 */
export class EventNotFound extends Schema.TaggedError<EventNotFound>()("EventNotFound", {
  eventId: Schema.String
}) {
  override get message() {
    return `No event ${this.eventId} in outbox_event. It was never committed, or has been removed.`
  }
}

/** An event has no delivery for a consumer. @since 0.1.0 */
export class EventNotDelivered extends Schema.TaggedError<EventNotDelivered>()("EventNotDelivered", {
  eventId: Schema.String,
  consumer: Schema.String,
  /** The consumer of a delivery of it whose name is most like this, if one is. */
  nearest: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    const hint = this.nearest === undefined ? "" : ` Did you mean "${this.nearest}"?`
    return `Event ${this.eventId} has no delivery for consumer "${this.consumer}".${hint} Those that subscribe to an event when it is published get one soon after.`
  }
}

/** No delivery has this id, or the one that has it is not one that gave up, where that is asked for. @since 0.1.0 */
export class DeliveryNotFound extends Schema.TaggedError<DeliveryNotFound>()("DeliveryNotFound", {
  deliveryId: Schema.String,
  /** What has become of the delivery, if there is one: `discarded`, or its status. */
  state: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    return this.state === undefined
      ? `No delivery ${this.deliveryId} in inbox_event. Its event was never committed, or has been removed.`
      : `Delivery ${this.deliveryId} is no dead letter: it is ${this.state}.`
  }
}

/** No group of errors has this fingerprint. @since 0.1.0 */
export class ErrorGroupNotFound extends Schema.TaggedError<ErrorGroupNotFound>()("ErrorGroupNotFound", {
  fingerprint: Schema.String
}) {
  override get message() {
    return `No group of errors ${this.fingerprint} in integration_error_group. Processes write what fails every ten seconds, and forget what was not seen for 90 days.`
  }
}

/**
 * `Processor.retire` was asked to end a subscription that a process still serves. Nothing was changed.
 *
 * @since 0.1.0
 */
export class ConsumerStillServed extends Schema.TaggedError<ConsumerStillServed>()("ConsumerStillServed", {
  consumer: Schema.String,
  event: Schema.String,
  /** Id of the process, as `Processor.replicas` lists it. */
  replica: Schema.String,
  host: Schema.NullOr(Schema.String),
  pid: Schema.NullOr(Schema.Number),
  /** Whether it is the process that was asked. */
  isHere: Schema.Boolean
}) {
  override get message() {
    const where = this.isHere ? "this process" : `process ${this.pid} on ${this.host}`
    return `Consumer "${this.consumer}" still has a handler for "${this.event}" in ${where}, which would subscribe again at its next start. Remove the subscriber first, then retire the subscription; with force it ends all the same.`
  }
}

/** No subscriber of a consumer with this name was ever registered. Nothing was changed. @since 0.1.0 */
export class ConsumerNotFound extends Schema.TaggedError<ConsumerNotFound>()("ConsumerNotFound", {
  consumer: Schema.String,
  /** The consumer whose name is most like it, if one is. */
  nearest: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    const hint = this.nearest === undefined ? "" : ` Did you mean "${this.nearest}"?`
    return `There is no consumer "${this.consumer}".${hint} Consumers exist from the first registration of a subscriber on.`
  }
}

/** Something of a store cannot be looked at: it does not have it, or the role may not see it. @since 0.1.0 */
export class NotDiagnosable extends Schema.TaggedError<NotDiagnosable>()("NotDiagnosable", {
  /** Why, as a sentence. */
  why: Schema.String
}) {
  override get message() {
    return this.why
  }
}

/** No operation has this id. @since 0.1.0 */
export class OperationNotFound extends Schema.TaggedError<OperationNotFound>()("OperationNotFound", {
  operationId: Schema.String
}) {
  override get message() {
    return `No operation ${this.operationId} in integration_operation. It was never started, or ended more than 30 days ago.`
  }
}

/**
 * A dead letter was to be changed as it was seen, and is not so any more: somebody else has changed it, or it was tried again. Nothing
 * was changed.
 *
 * @since 0.1.0
 */
export class DeadLetterChanged extends Schema.TaggedError<DeadLetterChanged>()("DeadLetterChanged", {
  deliveryId: Schema.String,
  /** What has become of it: its status now. */
  state: Schema.String,
  attemptCount: Schema.Number,
  /** When it last gave up, as an ISO text; null when it is no dead letter any more. */
  gaveUpAt: Schema.NullOr(Schema.String)
}) {
  override get message() {
    const now =
      this.gaveUpAt === null
        ? `it is ${this.state}`
        : `it gave up at ${this.gaveUpAt}, after ${this.attemptCount} attempts`
    return `Delivery ${this.deliveryId} is not as you saw it: ${now}. Nothing was changed; look at it again.`
  }
}

/** An integration made with `createIntegration` was used after `stop`. Nothing was done. @since 0.1.0 */
export class IntegrationStopped extends Schema.TaggedError<IntegrationStopped>()("IntegrationStopped", {}) {
  override get message() {
    return "This integration was stopped, and cannot be used any more. Make another with createIntegration."
  }
}

/** Deliveries were still open when `Processor.settled` or `Testing.settled` had waited as long as it may. @since 0.1.0 */
export class NotSettled extends Schema.TaggedError<NotSettled>()("NotSettled", {
  withinMillis: Schema.Number,
  /** The first of those that are open, in words. */
  open: Schema.Array(Schema.String)
}) {
  override get message() {
    return `Not everything was settled within ${this.withinMillis} ms. Still open:\n${this.open.map((line) => `  ${line}`).join("\n")}`
  }
}

/**
 * A call of the reference system has no meaning here that would be its own, or not yet. Nothing was done.
 *
 * @since 0.1.0
 */
export class UnsupportedCall extends Schema.TaggedError<UnsupportedCall>()("UnsupportedCall", {
  /** As in `OutboxService.findPendingAndLock`. */
  call: Schema.String,
  /** Why, and what to do instead: whole sentences. */
  reason: Schema.String
}) {
  override get message() {
    return `${this.call} was refused, and nothing was done. ${this.reason}`
  }
}

/** A delivery was to be marked by hand that somebody else has, or that is settled already. Nothing was changed. @since 0.1.0 */
export class DeliveryNotMarked extends Schema.TaggedError<DeliveryNotMarked>()("DeliveryNotMarked", {
  deliveryId: Schema.String,
  consumer: Schema.String,
  /** What it was to be marked as. */
  mark: Schema.String,
  /** What stands in the way, as in `it is processed already`. */
  state: Schema.String
}) {
  override get message() {
    return `Delivery ${this.deliveryId} for consumer "${this.consumer}" was not marked as ${this.mark}: ${this.state}.`
  }
}

/** No link has this id. @since 0.1.0 */
export class LinkNotFound extends Schema.TaggedError<LinkNotFound>()("LinkNotFound", {
  linkId: Schema.String
}) {
  override get message() {
    return `No link ${this.linkId} in integration_link. It was never committed, or has been removed.`
  }
}
