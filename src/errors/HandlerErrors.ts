/**
 * Errors of handlers: kept with their deliveries.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"

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
  eventName: Schema.String,
  /** The first statement that failed, as it begins, and what PostgreSQL said of it; undefined where that is not known. */
  failed: Schema.optional(Schema.Struct({ text: Schema.String, error: Schema.String }))
}) {
  override get message() {
    const first = this.failed === undefined ? "" : `: ${this.failed.error}, by ${this.failed.text}`
    return `The handler of consumer "${this.consumer}" for "${this.eventName}" caught the error of a failed statement and went on, but PostgreSQL has aborted the transaction${first}. Wrap statements that may fail in Transactor.withTransaction (a savepoint), or use ON CONFLICT.`
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
 * The process that ran a leased handler lives, and has not renewed its lease for as long as the handler may take with a quarter
 * more, or for `processingLeaseMs` if that is longer: its event loop was blocked, or it was frozen or cut off. Charged as a
 * failed attempt by whoever took the delivery over.
 *
 * @since 0.1.0
 */
export class HandlerUnresponsive extends Schema.TaggedError<HandlerUnresponsive>()("HandlerUnresponsive", {
  consumer: Schema.String,
  eventName: Schema.String,
  /** How long it gave no sign of life, in milliseconds, at least. */
  silentMillis: Schema.Number
}) {
  override get message() {
    return `The process that ran the handler of consumer "${this.consumer}" for "${this.eventName}" gave no sign of life for ${this.silentMillis} ms: the handler blocked its event loop, or the process was frozen or cut off. Move long computations to a worker thread, or raise the consumer's timeout: a lease is kept a quarter longer than that.`
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
    return `The lease of consumer "${this.consumer}" for "${this.eventName}" ran out while its handler was running: this process was blocked or frozen, or could not reach the database, for longer than its lease is kept. Nothing it published or linked was written; its effects outside the database may happen twice.`
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
 * Something was asked of a handler's context, or of its transaction's, after it had ended: it was not done.
 *
 * @since 0.1.0
 */
export class HandlerEnded extends Schema.TaggedError<HandlerEnded>()("HandlerEnded", {}) {
  override get message() {
    return "This was asked of the context of a handler, or of a transaction, that has ended: it was not done. Wait in it for all that it starts; Promise.all does not wait for the others when one has failed."
  }
}
