/**
 * Errors of events that cannot be published, or not be read.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { issueText } from "./errorText.ts"

/** One place in a payload that could not be encoded or decoded. @since 0.1.0 */
export const Issue = Schema.Struct({
  path: Schema.String,
  message: Schema.String,
  /** Where it is in the text that was given, if one was; from 1. */
  line: Schema.optionalKey(Schema.Number),
  column: Schema.optionalKey(Schema.Number)
})

/** @since 0.1.0 */
export type Issue = typeof Issue.Type

const listIssues = (issues: ReadonlyArray<Issue>) => issues.map((issue) => `  ${issueText(issue)}`).join("\n")

/**
 * The payload or metadata of an event cannot be stored: it does not match the schema, is not JSON, holds text that
 * PostgreSQL refuses (`\u0000`, lone surrogates), nests too deep or is too large. Nothing was written. The same of the
 * payload that a dead letter is requeued with.
 *
 * @since 0.1.0
 */
export class EventEncodingError extends Schema.TaggedError<EventEncodingError>()("EventEncodingError", {
  eventName: Schema.String,
  issues: Schema.Array(Issue),
  /** The delivery that was to be requeued with a payload of its own, if it is about that. */
  deliveryId: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    const what =
      this.deliveryId === undefined
        ? `Event "${this.eventName}" was not published, nothing was written. It cannot be encoded`
        : `Delivery ${this.deliveryId} of "${this.eventName}" was not requeued, nothing was changed. Its new payload cannot be stored`
    return `${what}:\n${listIssues(this.issues)}`
  }
}

/**
 * A stored payload does not match the schema of the handler's event definition, or could not be brought to its latest version.
 * Retrying cannot help, so the delivery is a dead letter at once; the row keeps its payload.
 *
 * @since 0.1.0
 */
export class EventDecodingError extends Schema.TaggedError<EventDecodingError>()("EventDecodingError", {
  eventName: Schema.String,
  eventId: Schema.String,
  /** Version it was stored in. */
  version: Schema.Number,
  /** Where it failed on the way to the latest version, if it was stored in another. */
  step: Schema.optionalKey(Schema.String),
  issues: Schema.Array(Issue)
}) {
  override get message() {
    const what = `Payload of event "${this.eventName}" (${this.eventId})`
    return this.step === undefined
      ? `${what} does not match its definition:\n${listIssues(this.issues)}`
      : `${what} was stored in version ${this.version} and cannot be read, ${this.step}:\n${listIssues(this.issues)}`
  }
}

/**
 * A payload was stored in a version that the handler's event definition does not read any more. Retrying cannot help, so the
 * delivery is a dead letter at once; the row keeps its payload.
 *
 * @since 0.1.0
 */
export class VersionRetired extends Schema.TaggedError<VersionRetired>()("VersionRetired", {
  eventName: Schema.String,
  eventId: Schema.String,
  /** Version it was stored in. */
  version: Schema.Number,
  /** The first version that is read. */
  first: Schema.Number
}) {
  override get message() {
    return `Payload of event "${this.eventName}" (${this.eventId}) was stored in version ${this.version}; its definition reads versions from ${this.first} on. Requeue the dead letter where earlier ones are read, or discard it.`
  }
}

/**
 * Payload and metadata of an event, or of a requeued delivery, are larger than a client takes in one message. Retrying
 * cannot help, so the delivery is a dead letter at once; the row keeps them. Publishing refuses such an event: it came
 * into the tables by plain SQL.
 *
 * @since 0.1.0
 */
export class PayloadTooLarge extends Schema.TaggedError<PayloadTooLarge>()("PayloadTooLarge", {
  eventName: Schema.String,
  eventId: Schema.String,
  /** As the database writes them. */
  bytes: Schema.Number,
  maximum: Schema.Number
}) {
  override get message() {
    return `Payload and metadata of event "${this.eventName}" (${this.eventId}) take ${this.bytes} bytes when they are read, at most ${this.maximum} are possible. Requeue the dead letter with a smaller payload, or discard it.`
  }
}

/**
 * An event was published outside of a transaction where `Integration.layer({ requireTransaction: "refuse" })` forbids it. Nothing was
 * written.
 *
 * @since 0.1.0
 */
export class TransactionRequired extends Schema.TaggedError<TransactionRequired>()("TransactionRequired", {
  eventName: Schema.String
}) {
  override get message() {
    return `Event "${this.eventName}" was published outside of a transaction: if what it speaks of fails, the event is there without it. Publish it inside Transactor.withTransaction, with what it is about.`
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
