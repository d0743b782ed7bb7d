/**
 * Which dead letters an operation is about.
 *
 * @since 0.1.0
 */
import type { DateTime } from "effect"
import type { DeadLetterFilter } from "../stores/DeadLetterStore.ts"

/** Which dead letters are meant; without a field, all. @since 0.1.0 */
export interface Filter extends Omit<DeadLetterFilter, "since" | "until"> {
  /** Gave up at this time or later. */
  readonly since?: DateTime.DateTime.Input
  /** Gave up before this time. */
  readonly until?: DateTime.DateTime.Input
}
