/**
 * Work on many dead letters, and who did what, as the administration tells them.
 *
 * @internal
 */
import { Schema } from "effect"
import { pageFields, Text, Time } from "./common.ts"
import { DeadLetterFilter } from "./deadLetters.ts"

/** @since 0.1.0 */
export const OperationState = Schema.Literals(["canary", "running", "finished", "stopped", "canary-failed"])

/** @since 0.1.0 */
export type OperationState = typeof OperationState.Type

/** What is to be done with which dead letters. @since 0.1.0 */
export const OperationRequest = Schema.Struct({
  kind: Schema.Literals(["requeue", "discard"]),
  filter: DeadLetterFilter,
  /** Only what had given up by then; default now. */
  cutOff: Schema.optionalKey(Time),
  /** How many are tried first; if one fails again, it ends there. Default none. */
  canary: Schema.optionalKey(Schema.Literals([0, 1, 5, 20])),
  /** Deliveries per second, at least 1/3600; default as fast as it goes. */
  pace: Schema.optionalKey(Schema.Finite),
  reason: Schema.optionalKey(Text)
}).annotate({ identifier: "OperationRequest" })

/** @since 0.1.0 */
export type OperationRequest = typeof OperationRequest.Type

/** What an operation would do now. @since 0.1.0 */
export const OperationPreview = Schema.Struct({
  count: Schema.Finite,
  isExact: Schema.Boolean,
  /** Consumers among them that keep order. */
  ordered: Schema.Array(Schema.String),
  /** `cutOff` of an operation that takes these and no others. */
  cutOff: Schema.Date
}).annotate({ identifier: "OperationPreview" })

/** @since 0.1.0 */
export type OperationPreview = typeof OperationPreview.Type

/** An operation, and how far it has come. @since 0.1.0 */
export const Operation = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["requeue", "discard"]),
  filter: DeadLetterFilter,
  cutOff: Schema.Date,
  canary: Schema.Int,
  pace: Schema.NullOr(Schema.Finite),
  reason: Schema.NullOr(Schema.String),
  by: Schema.String,
  role: Schema.String,
  state: OperationState,
  total: Schema.Finite,
  isTotalExact: Schema.Boolean,
  /** Requeued, or discarded. */
  done: Schema.Finite,
  /** Of those that were requeued: settled since. */
  settled: Schema.Finite,
  failedAgain: Schema.Finite,
  /** Of those that were requeued: neither settled nor failed again yet. */
  open: Schema.Finite,
  createdAt: Schema.Date,
  startedAt: Schema.NullOr(Schema.Date),
  updatedAt: Schema.Date,
  finishedAt: Schema.NullOr(Schema.Date),
  stoppedBy: Schema.NullOr(Schema.String),
  lastError: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Operation" })

/** @since 0.1.0 */
export type Operation = typeof Operation.Type

/** Which operations are listed. @since 0.1.0 */
export const OperationQuery = Schema.Struct({
  state: Schema.optionalKey(OperationState),
  ...pageFields
}).annotate({ identifier: "OperationQuery" })

/** @since 0.1.0 */
export type OperationQuery = typeof OperationQuery.Type

/** Something that somebody did. @since 0.1.0 */
export const AuditEntry = Schema.Struct({
  id: Schema.String,
  at: Schema.Date,
  who: Schema.String,
  role: Schema.String,
  action: Schema.String,
  target: Schema.String,
  reason: Schema.NullOr(Schema.String),
  affected: Schema.NullOr(Schema.Finite),
  outcome: Schema.Literals(["done", "refused", "failed"]),
  details: Schema.NullOr(Schema.Json)
}).annotate({ identifier: "AuditEntry" })

/** @since 0.1.0 */
export type AuditEntry = typeof AuditEntry.Type

/** Which entries are listed. @since 0.1.0 */
export const AuditQuery = Schema.Struct({
  who: Schema.optionalKey(Text),
  action: Schema.optionalKey(Text),
  target: Schema.optionalKey(Text),
  since: Schema.optionalKey(Time),
  until: Schema.optionalKey(Time),
  ...pageFields
}).annotate({ identifier: "AuditQuery" })

/** @since 0.1.0 */
export type AuditQuery = typeof AuditQuery.Type
