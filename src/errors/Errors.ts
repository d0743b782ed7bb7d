/**
 * Every error a user of this package can meet, apart from those of opening PGlite, which are in `PgLite.ts`. Tags name
 * what went wrong for the caller; messages say what happened, where, and what to do next.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

/** One place in a payload that could not be encoded or decoded. @since 0.1.0 */
export const Issue = Schema.Struct({ path: Schema.String, message: Schema.String })

/** @since 0.1.0 */
export type Issue = typeof Issue.Type

const listIssues = (issues: ReadonlyArray<Issue>) =>
  issues.map((issue) => `  at ${issue.path === "" ? "(root)" : issue.path}: ${issue.message}`).join("\n")

/**
 * The payload or metadata of an event cannot be stored: it does not match the schema, is not JSON, holds text that
 * PostgreSQL refuses (`\u0000`, lone surrogates), nests too deep or is too large. Nothing was written.
 *
 * @since 0.1.0
 */
export class EventEncodingError extends Schema.TaggedError<EventEncodingError>()("EventEncodingError", {
  eventName: Schema.String,
  issues: Schema.Array(Issue)
}) {
  override get message() {
    return `Event "${this.eventName}" was not published, nothing was written. It cannot be encoded:\n${listIssues(this.issues)}`
  }
}

/**
 * A stored payload does not match the schema of the handler's event definition. Retrying cannot help, so the delivery
 * is a dead letter at once; the row keeps its payload.
 *
 * @since 0.1.0
 */
export class EventDecodingError extends Schema.TaggedError<EventDecodingError>()("EventDecodingError", {
  eventName: Schema.String,
  eventId: Schema.String,
  issues: Schema.Array(Issue)
}) {
  override get message() {
    return `Payload of event "${this.eventName}" (${this.eventId}) does not match its definition:\n${listIssues(this.issues)}`
  }
}

/**
 * A name, id or list that identifies something is empty, too long or holds text PostgreSQL refuses. Nothing was
 * written.
 *
 * @since 0.1.0
 */
export class InvalidIdentifier extends Schema.TaggedError<InvalidIdentifier>()("InvalidIdentifier", {
  /** Which field, for example `aggregateId of event "invoice.created"`. */
  field: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `Invalid ${this.field}: ${this.problem}. Nothing was written.`
  }
}

/**
 * An option was given that has no effect in this version, or that does not exist. It is refused rather than ignored.
 *
 * @since 0.1.0
 */
export class UnsupportedOption extends Schema.TaggedError<UnsupportedOption>()("UnsupportedOption", {
  /** Where the option was given, for example `Consumer "operations.tasks"`. */
  where: Schema.String,
  option: Schema.String,
  supported: Schema.Array(Schema.String)
}) {
  override get message() {
    const known = this.supported.length === 0 ? "none" : this.supported.join(", ")
    return `${this.where}: option ${this.option} is not supported by this version and would have no effect. Remove it. Supported: ${known}.`
  }
}

/**
 * A value of `Integration.layer`'s options, or of a consumer's, is out of its range. Raised while the layer is built.
 *
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>()("InvalidOption", {
  option: Schema.String,
  value: Schema.String,
  expected: Schema.String
}) {
  override get message() {
    return `Option ${this.option} is ${this.value}, expected ${this.expected}.`
  }
}

/**
 * `core.integration.outbox.enabled` is false: publishing is switched off. Nothing was written.
 *
 * @since 0.1.0
 */
export class OutboxDisabled extends Schema.TaggedError<OutboxDisabled>()("OutboxDisabled", {
  eventName: Schema.String
}) {
  override get message() {
    return `Event "${this.eventName}" was not published: the outbox is disabled. Set core.integration.outbox.enabled to true (option, environment or integration_setting).`
  }
}

/**
 * Two handlers of one consumer would handle the same event.
 *
 * @since 0.1.0
 */
export class DuplicateSubscriber extends Schema.TaggedError<DuplicateSubscriber>()("DuplicateSubscriber", {
  consumer: Schema.String,
  /** The pattern being registered. */
  event: Schema.String,
  /** The pattern that is registered already and matches some of the same events. */
  existing: Schema.String,
  /** Where the existing subscriber was declared, when known. */
  declaredAt: Schema.UndefinedOr(Schema.String)
}) {
  override get message() {
    const where = this.declaredAt === undefined ? "" : ` (${this.declaredAt})`
    const overlap = this.existing === this.event ? "" : `, which overlaps with "${this.event}"`
    return `Consumer "${this.consumer}" already handles "${this.existing}"${where}${overlap}. A consumer handles an event once: give this subscriber another consumer name.`
  }
}

/**
 * Two `Consumer` values with the same name but different options are in use in one process.
 *
 * @since 0.1.0
 */
export class ConsumerConflict extends Schema.TaggedError<ConsumerConflict>()("ConsumerConflict", {
  consumer: Schema.String,
  option: Schema.String
}) {
  override get message() {
    return `Consumer "${this.consumer}" is registered already with another ${this.option}. Make it once with Consumer.make and share the value.`
  }
}

/**
 * The database refused a statement or could not be reached. Outside a transaction the outcome of a write is unknown
 * after a lost connection; inside one, the transaction is rolled back.
 *
 * @since 0.1.0
 */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  /** What was being done, for example `outbox.append`. */
  operation: Schema.String,
  /** The database's own words, without parameters. */
  reason: Schema.String,
  /** Whether the same call may succeed later without a change. */
  isRetryable: Schema.Boolean,
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.operation}: ${this.reason}`
  }
}

/** No event has this id. @since 0.1.0 */
export class EventNotFound extends Schema.TaggedError<EventNotFound>()("EventNotFound", {
  eventId: Schema.String
}) {
  override get message() {
    return `No event ${this.eventId} in outbox_event. It was never committed, or has been removed.`
  }
}

/** No delivery has this id. @since 0.1.0 */
export class DeliveryNotFound extends Schema.TaggedError<DeliveryNotFound>()("DeliveryNotFound", {
  deliveryId: Schema.String
}) {
  override get message() {
    return `No delivery ${this.deliveryId} in inbox_event. Its event was never committed, or has been removed.`
  }
}

/**
 * A handler did not finish within its consumer's `timeout`. Its attempt is charged and everything it wrote through the
 * delivery's transaction is rolled back; code that cannot be interrupted may still be running.
 *
 * @since 0.1.0
 */
export class HandlerTimeout extends Schema.TaggedError<HandlerTimeout>()("HandlerTimeout", {
  consumer: Schema.String,
  eventName: Schema.String,
  timeoutMillis: Schema.Number,
  /** Whether the database has one session, as PGlite does. */
  singleSession: Schema.Boolean
}) {
  override get message() {
    const hint = this.singleSession
      ? " This database has a single session, held by the transaction of this handler's batch: a handler that asks for another session (sql.reserve, a second client, code that runs outside the handler's fiber) waits for itself. Use the handler's own SqlClient, or a real PostgreSQL."
      : " Make it faster, or raise the consumer's timeout."
    return `The handler of consumer "${this.consumer}" for "${this.eventName}" did not finish within ${this.timeoutMillis} ms.${hint}`
  }
}

/**
 * A statement failed inside a handler, the handler went on as if it had not, and PostgreSQL refuses everything after
 * it. Charged as a failed attempt.
 *
 * @since 0.1.0
 */
export class TransactionAborted extends Schema.TaggedError<TransactionAborted>()("TransactionAborted", {
  consumer: Schema.String,
  eventName: Schema.String
}) {
  override get message() {
    return `The handler of consumer "${this.consumer}" for "${this.eventName}" caught the error of a failed statement and went on, but PostgreSQL has aborted the transaction. Wrap statements that may fail in Transactor.withTransaction (a savepoint), or use ON CONFLICT.`
  }
}

/**
 * A batch handler returned no outcome for one of its events. Charged to that event as a failed attempt.
 *
 * @since 0.1.0
 */
export class MissingOutcome extends Schema.TaggedError<MissingOutcome>()("MissingOutcome", {
  consumer: Schema.String,
  eventName: Schema.String
}) {
  override get message() {
    return `The batch handler of consumer "${this.consumer}" returned no outcome for an event "${this.eventName}". Return Subscriber.processed, skipped or failed for each event of the call.`
  }
}

/**
 * The process that ran a handler, or the connection of its transaction, ended before the attempt did. Charged as a failed
 * attempt by whoever took the delivery over.
 *
 * @since 0.1.0
 */
export class HandlerCrashed extends Schema.TaggedError<HandlerCrashed>()("HandlerCrashed", {
  consumer: Schema.String,
  eventName: Schema.String
}) {
  override get message() {
    return `The process or connection that ran the handler of consumer "${this.consumer}" for "${this.eventName}" ended before it was through. If it keeps happening, the handler ends its process: look at that process's last output, its memory and its exit code.`
  }
}

/**
 * A leased handler was through, or still running, when its lease had run out and somebody else had its delivery: what it
 * published and linked is not written. Said in a warning.
 *
 * @since 0.1.0
 */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {
  consumer: Schema.String,
  eventName: Schema.String
}) {
  override get message() {
    return `The lease of consumer "${this.consumer}" for "${this.eventName}" ran out while its handler was running: this process was frozen, or could not reach the database, for longer than processingLeaseMs. Nothing it published or linked was written; its effects outside the database may happen twice.`
  }
}

/** A handler was interrupted from the inside, not by a shutdown. Charged as a failed attempt. @since 0.1.0 */
export class HandlerInterrupted extends Schema.TaggedError<HandlerInterrupted>()("HandlerInterrupted", {
  consumer: Schema.String,
  eventName: Schema.String
}) {
  override get message() {
    return `The handler of consumer "${this.consumer}" for "${this.eventName}" interrupted itself.`
  }
}

/**
 * `Processor.retire` was asked to end a subscription that this process still serves.
 *
 * @since 0.1.0
 */
export class ConsumerStillServed extends Schema.TaggedError<ConsumerStillServed>()("ConsumerStillServed", {
  consumer: Schema.String,
  event: Schema.String
}) {
  override get message() {
    return `Consumer "${this.consumer}" still has a handler for "${this.event}" in this process, and would subscribe again at its next start. Remove the subscriber first, then retire the subscription.`
  }
}

/** No subscriber of a consumer with this name was ever registered. Nothing was changed. @since 0.1.0 */
export class ConsumerNotFound extends Schema.TaggedError<ConsumerNotFound>()("ConsumerNotFound", {
  consumer: Schema.String
}) {
  override get message() {
    return `There is no consumer "${this.consumer}". Consumers exist from the first registration of a subscriber on; Processor.consumers lists them.`
  }
}

/**
 * The state of an actor cannot be read or stored. Inside a handler, a failed attempt; the stored state is unchanged.
 *
 * @since 0.1.0
 */
export class ActorStateError extends Schema.TaggedError<ActorStateError>()("ActorStateError", {
  consumer: Schema.String,
  /** Id of the aggregate. */
  aggregate: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `State of "${this.aggregate}" of actor "${this.consumer}": ${this.problem}. What is stored was not changed.`
  }
}

/**
 * Somebody else wrote the state of an actor since it was read. Its delivery is rolled back and repeated, at no charge,
 * as after a serialization failure.
 *
 * @since 0.1.0
 */
export class ActorStateChanged extends Schema.TaggedError<ActorStateChanged>()("ActorStateChanged", {
  consumer: Schema.String,
  /** Id of the aggregate. */
  aggregate: Schema.String
}) {
  /** SQLSTATE of a serialization failure. */
  readonly code = "40001"

  override get message() {
    return `State of "${this.aggregate}" of actor "${this.consumer}" was changed by another transaction since it was read.`
  }
}

/**
 * A promise handler, or promise code, used `sql` although its integration runs in memory, where there is no database.
 *
 * @since 0.1.0
 */
export class SqlUnavailable extends Schema.TaggedError<SqlUnavailable>()("SqlUnavailable", {}) {
  override get message() {
    return "There is no SQL in memory. Test code that uses sql on PgLite.layerMemory, or keep its state behind a service with an in-memory form."
  }
}

/** An integration made with `createIntegration` was used after `stop`. Nothing was done. @since 0.1.0 */
export class IntegrationStopped extends Schema.TaggedError<IntegrationStopped>()("IntegrationStopped", {}) {
  override get message() {
    return "This integration was stopped, and cannot be used any more. Make another with createIntegration."
  }
}

/**
 * A handler returned a promise, but its consumer does not say how its deliveries are held. Raised as a failed attempt:
 * only the call shows it.
 *
 * @since 0.1.0
 */
export class PromiseHandlerMode extends Schema.TaggedError<PromiseHandlerMode>()("PromiseHandlerMode", {
  consumer: Schema.String,
  /** The method or event. */
  handler: Schema.String
}) {
  override get message() {
    return `Handler "${this.handler}" of consumer "${this.consumer}" returns a promise. Say how in the consumer's options: mode: "transactional" if everything it writes goes through ctx.sql, ctx.links and ctx.publish, else mode: "leased".`
  }
}

/**
 * An object was given to `Subscriber.fromInstance`, or a class to `fromClass`, that has no `@Consumer` or no
 * `@Subscribe`. Raised when its subscribers are registered.
 *
 * @since 0.1.0
 */
export class NotDecorated extends Schema.TaggedError<NotDecorated>()("NotDecorated", {
  className: Schema.String,
  missing: Schema.Literals(["Consumer", "Subscribe"])
}) {
  override get message() {
    return this.missing === "Consumer"
      ? `Class ${this.className} has no @Consumer("name"): whose mailbox its methods drain is not known.`
      : `Class ${this.className} has no method with @Subscribe(event): it would handle nothing. If it has, the decorators were not run: see docs/decorators.md for the compiler's setting.`
  }
}

/** Deliveries were still open when `Testing.settled` had waited as long as it may. @since 0.1.0 */
export class NotSettled extends Schema.TaggedError<NotSettled>()("NotSettled", {
  withinMillis: Schema.Number,
  /** The first of those that are open, in words. */
  open: Schema.Array(Schema.String)
}) {
  override get message() {
    return `Not everything was settled within ${this.withinMillis} ms. Still open:\n${this.open.map((line) => `  ${line}`).join("\n")}`
  }
}

/** A migration failed; the transaction of all pending migrations was rolled back. @since 0.1.0 */
export class MigrationFailed extends Schema.TaggedError<MigrationFailed>()("MigrationFailed", {
  reason: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `The integration tables could not be migrated, nothing was changed: ${this.reason}`
  }
}

/**
 * The tables are not at the version this code needs, and it may not (or cannot) change that.
 *
 * @since 0.1.0
 */
export class SchemaMismatch extends Schema.TaggedError<SchemaMismatch>()("SchemaMismatch", {
  found: Schema.Int,
  needed: Schema.Int,
  /** The newer migration that older code must not run against, if that is the problem. */
  breaking: Schema.UndefinedOr(Schema.String)
}) {
  override get message() {
    return this.breaking === undefined
      ? `The integration tables are at version ${this.found}, this version needs ${this.needed}. Run the migrations, or start with Integration.layer({ migrate: true }).`
      : `The integration tables are at version ${this.found}, this version knows ${this.needed} and cannot work with "${this.breaking}". Upgrade effect-integration in this process.`
  }
}
