/**
 * Errors of what is declared: names, options, subscribers and consumers.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { nearest } from "./nearest.ts"

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
    const meant = nearest(this.option, this.supported)
    const hint = meant === undefined ? "Remove it." : `Did you mean ${meant}?`
    return `${this.where}: option ${this.option} is not supported by this version and would have no effect. ${hint} Supported: ${known}.`
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
    return `Option ${this.option} is ${this.value}, expected ${this.expected}${this.expected.endsWith("?") ? "" : "."}`
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
  declaredAt: Schema.UndefinedOr(Schema.String),
  /** Where the refused one was, when known. */
  refusedAt: Schema.UndefinedOr(Schema.String)
}) {
  override get message() {
    const where = this.declaredAt === undefined ? "" : ` (${this.declaredAt})`
    const overlap = this.existing === this.event ? "" : `, which overlaps with "${this.event}"`
    const refused = this.refusedAt === undefined ? "" : `, and is to do so again (${this.refusedAt})`
    return `Consumer "${this.consumer}" already handles "${this.existing}"${where}${overlap}${refused}. A consumer handles an event once: give this subscriber another consumer name.`
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
      ? `Class ${this.className} has no @Consumer("name"): whose mailbox its methods drain is not known. Of objects that may have no decorators, ask Subscriber.isDecorated(instance) first.`
      : `Class ${this.className} has no method with @Subscribe(event): it would handle nothing. If it has, the decorators were not run: see docs/decorators.md for the compiler's setting.`
  }
}
