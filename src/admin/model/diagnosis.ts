/**
 * What a diagnosis found, as the administration tells it.
 *
 * @internal
 */
import { Schema } from "effect"

/** Something that is not as it should be. @since 0.1.0 */
export const Finding = Schema.Struct({
  id: Schema.String,
  severity: Schema.Literals(["error", "warning", "notice"]),
  title: Schema.String,
  detail: Schema.String,
  cause: Schema.String,
  /** What to do. */
  mend: Schema.String,
  command: Schema.NullOr(Schema.String),
  subject: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Finding" })

/** @since 0.1.0 */
export type Finding = typeof Finding.Type

/** What was looked at, and what was found. @since 0.1.0 */
export const Diagnosis = Schema.Struct({
  at: Schema.Date,
  findings: Schema.Array(Finding),
  checks: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      title: Schema.String,
      outcome: Schema.Literals(["ok", "found", "skipped", "failed"]),
      why: Schema.NullOr(Schema.String),
      millis: Schema.Finite
    })
  )
}).annotate({ identifier: "Diagnosis" })

/** @since 0.1.0 */
export type Diagnosis = typeof Diagnosis.Type

/** Whether a process is well, and why not. @since 0.1.0 */
export const HealthReport = Schema.Struct({
  isHealthy: Schema.Boolean,
  reasons: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      isHealthy: Schema.Boolean,
      detail: Schema.String,
      /** Of `lag`: for how long the oldest delivery has been due, in milliseconds. */
      lagMillis: Schema.optionalKey(Schema.Finite)
    })
  )
}).annotate({ identifier: "HealthReport" })

/** @since 0.1.0 */
export type HealthReport = typeof HealthReport.Type
