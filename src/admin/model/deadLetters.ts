/**
 * Deliveries that gave up, and groups of their errors, as the administration tells them.
 *
 * @internal
 */
import { Schema } from "effect"
import { Entity, pageFields, Text, Time } from "./common.ts"
import { Attempt, Visibility } from "./events.ts"

const filterFields = {
  deliveryIds: Schema.optionalKey(Schema.Array(Text).check(Schema.isMaxLength(1000))),
  consumer: Schema.optionalKey(Text),
  /** A name, or a pattern with `*`. */
  eventName: Schema.optionalKey(Text),
  errorTag: Schema.optionalKey(Text),
  isUndecodable: Schema.optionalKey(Schema.Boolean),
  /** An error group. */
  fingerprint: Schema.optionalKey(Text),
  since: Schema.optionalKey(Time),
  until: Schema.optionalKey(Time)
}

/** Which dead letters are meant; without a field, all. @since 0.1.0 */
export const DeadLetterFilter = Schema.Struct({
  ...filterFields,
  aggregate: Schema.optionalKey(Entity)
}).annotate({ identifier: "DeadLetterFilter" })

/** @since 0.1.0 */
export type DeadLetterFilter = typeof DeadLetterFilter.Type

/** Which dead letters are listed. @since 0.1.0 */
export const DeadLetterQuery = Schema.Struct({
  ...filterFields,
  /** `module/Type/id`. */
  aggregate: Schema.optionalKey(Text),
  ...pageFields
}).annotate({ identifier: "DeadLetterQuery" })

/** @since 0.1.0 */
export type DeadLetterQuery = typeof DeadLetterQuery.Type

/** A delivery that gave up. @since 0.1.0 */
export const DeadLetter = Schema.Struct({
  deliveryId: Schema.String,
  eventId: Schema.String,
  eventName: Schema.String,
  schemaVersion: Schema.Int,
  consumer: Schema.String,
  aggregate: Entity,
  status: Schema.Literals(["dead_letter", "failed"]),
  attemptCount: Schema.Int,
  lastError: Schema.NullOr(Schema.String),
  errorTag: Schema.NullOr(Schema.String),
  fingerprint: Schema.NullOr(Schema.String),
  isUndecodable: Schema.Boolean,
  isEdited: Schema.Boolean,
  gaveUpAt: Schema.Date,
  createdAt: Schema.Date
}).annotate({ identifier: "DeadLetter" })

/** @since 0.1.0 */
export type DeadLetter = typeof DeadLetter.Type

/** A dead letter with its payload and attempts. @since 0.1.0 */
export const DeadLetterDetails = Schema.Struct({
  ...DeadLetter.fields,
  /** What its handler gets, JSON as text; null if it is too large, or may not be seen. */
  payload: Schema.NullOr(Schema.String),
  originalPayload: Schema.NullOr(Schema.String),
  metadata: Schema.NullOr(Schema.String),
  visibility: Visibility,
  correlationId: Schema.NullOr(Schema.String),
  causationId: Schema.NullOr(Schema.String),
  attempts: Schema.Array(Attempt)
}).annotate({ identifier: "DeadLetterDetails" })

/** @since 0.1.0 */
export type DeadLetterDetails = typeof DeadLetterDetails.Type

/** Another payload for one dead letter, and what it was made from. @since 0.1.0 */
export const PayloadEdit = Schema.Struct({
  /** JSON as text. */
  payload: Schema.String.check(Schema.isMaxLength(8_388_608)),
  /** Of the dead letter that was looked at: if they are others now, nothing is done. */
  attemptCount: Schema.Int,
  gaveUpAt: Time
}).annotate({ identifier: "PayloadEdit" })

/** @since 0.1.0 */
export type PayloadEdit = typeof PayloadEdit.Type

/** Whether a payload would do. @since 0.1.0 */
export const PayloadVerdict = Schema.Struct({
  isValid: Schema.Boolean,
  /** Whether a handler judged it; else it is only known that it can be stored. */
  isJudged: Schema.Boolean,
  problems: Schema.Array(
    Schema.Struct({
      path: Schema.String,
      message: Schema.String,
      line: Schema.NullOr(Schema.Int),
      column: Schema.NullOr(Schema.Int)
    })
  )
}).annotate({ identifier: "PayloadVerdict" })

/** @since 0.1.0 */
export type PayloadVerdict = typeof PayloadVerdict.Type

/** What is known of an error. @since 0.1.0 */
export const ErrorGroupState = Schema.Literals(["new", "known", "resolved", "ignored"])

/** @since 0.1.0 */
export type ErrorGroupState = typeof ErrorGroupState.Type

/** Failures with the same cause, as far as their words and places tell. @since 0.1.0 */
export const ErrorGroup = Schema.Struct({
  fingerprint: Schema.String,
  consumer: Schema.String,
  errorTag: Schema.String,
  title: Schema.String,
  sample: Schema.String,
  sampleDetail: Schema.NullOr(Schema.String),
  firstSeenAt: Schema.Date,
  lastSeenAt: Schema.Date,
  attempts: Schema.Finite,
  events: Schema.Array(Schema.String),
  schemaVersions: Schema.Array(Schema.Int),
  /** Of the application. */
  versions: Schema.Array(Schema.String),
  state: ErrorGroupState,
  ignoredUntil: Schema.NullOr(Schema.Date),
  resolvedAt: Schema.NullOr(Schema.Date),
  note: Schema.NullOr(Schema.String),
  changedBy: Schema.NullOr(Schema.String),
  changedAt: Schema.NullOr(Schema.Date),
  /** Counted up to 1,001. */
  gaveUp: Schema.Int,
  /** Counted up to 1,001. */
  retrying: Schema.Int
}).annotate({ identifier: "ErrorGroup" })

/** @since 0.1.0 */
export type ErrorGroup = typeof ErrorGroup.Type

const HourlyAttempts = Schema.Array(Schema.Struct({ at: Schema.Date, attempts: Schema.Finite }))

/** A group as it is listed. @since 0.1.0 */
export const ListedErrorGroup = Schema.Struct({
  ...ErrorGroup.fields,
  /** Failed attempts by hour, of the last 24, this one among them; hours without any are left out. */
  hourly: HourlyAttempts
}).annotate({ identifier: "ListedErrorGroup" })

/** @since 0.1.0 */
export type ListedErrorGroup = typeof ListedErrorGroup.Type

/** Which groups are listed. @since 0.1.0 */
export const ErrorGroupQuery = Schema.Struct({
  state: Schema.optionalKey(Schema.Array(ErrorGroupState)),
  consumer: Schema.optionalKey(Text),
  errorTag: Schema.optionalKey(Text),
  /** Only those with deliveries that gave up, or are retried. */
  onlyOpen: Schema.optionalKey(Schema.Boolean),
  /** Whose last failure was at this time or later. */
  since: Schema.optionalKey(Time),
  ...pageFields
}).annotate({ identifier: "ErrorGroupQuery" })

/** @since 0.1.0 */
export type ErrorGroupQuery = typeof ErrorGroupQuery.Type

/** A group with what differs in it. @since 0.1.0 */
export const ErrorGroupDetails = Schema.Struct({
  ...ErrorGroup.fields,
  differs: Schema.Array(
    Schema.Struct({
      placeholder: Schema.String,
      values: Schema.Array(Schema.Struct({ value: Schema.String, count: Schema.Int }))
    })
  ),
  deliveries: Schema.Array(DeadLetter),
  /** Parked deliveries behind them, counted up to 1,001. */
  behind: Schema.Int,
  /** Failed attempts by hour, for 30 days; hours without any are left out. */
  hourly: HourlyAttempts
}).annotate({ identifier: "ErrorGroupDetails" })

/** @since 0.1.0 */
export type ErrorGroupDetails = typeof ErrorGroupDetails.Type

/** What is to be known of a group; what is left out stays. @since 0.1.0 */
export const ErrorGroupChange = Schema.Struct({
  state: Schema.optionalKey(Schema.Literals(["known", "resolved", "ignored"])),
  ignoredUntil: Schema.optionalKey(Schema.NullOr(Time)),
  note: Schema.optionalKey(Schema.NullOr(Text))
}).annotate({ identifier: "ErrorGroupChange" })

/** @since 0.1.0 */
export type ErrorGroupChange = typeof ErrorGroupChange.Type
