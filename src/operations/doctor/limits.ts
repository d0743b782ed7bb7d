/**
 * From where on something is worth saying.
 *
 * @internal
 */
import { Context, type Duration } from "effect"

/** From where on the doctor finds something worth saying. @since 0.1.0 */
export interface Limits {
  /** Age of a transaction that holds others back. Default 5 minutes. */
  readonly transactionAge: Duration.Input
  /** By how much clocks may differ. Default 1 second. */
  readonly clockDifference: Duration.Input
  /** Dead rows of a table: so many, and so large a share of it. Default 50,000 and 0.2. */
  readonly deadRows: { readonly count: number; readonly share: number }
  /** Events that may be kept without retention, as the server estimates. Default 10,000,000. */
  readonly eventsWithoutRetention: number
  /** How long a consumer may be paused. Default 4 hours. */
  readonly pause: Duration.Input
  /** For how long the oldest delivery of a consumer may have been due. Default 5 minutes. */
  readonly lag: Duration.Input
  /** Deliveries of a consumer that may give up within an hour. Default 10. */
  readonly gaveUpPerHour: number
  /** Processes that may end without a word within a day. Default 2. */
  readonly deathsPerDay: number
}

/** @since 0.1.0 */
export const defaultLimits: Limits = {
  transactionAge: "5 minutes",
  clockDifference: "1 second",
  deadRows: { count: 50_000, share: 0.2 },
  eventsWithoutRetention: 10_000_000,
  pause: "4 hours",
  lag: "5 minutes",
  gaveUpPerHour: 10,
  deathsPerDay: 2
}

/**
 * The limits in force where `Doctor.run` is called:
 * `Effect.provideService(doctor.run, DoctorLimits, { ...defaultLimits, lag: "1 minute" })`.
 *
 * @since 0.1.0
 */
export const DoctorLimits: Context.Reference<Limits> = Context.Reference<Limits>("effect-integration/DoctorLimits", {
  defaultValue: () => defaultLimits
})
