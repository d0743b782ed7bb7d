/**
 * One rule of a contract, as an Effect that dies when the rule is broken.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"

/** One rule of a contract. `R` is what it needs of the stores. @since 0.1.0 */
export interface Check<out R> {
  /** The contract, for example `OutboxStore`. */
  readonly contract: string
  /** The rule, as a sentence. */
  readonly name: string
  /** Dies with an `AssertionError` when a store breaks the rule. Needs the real clock. */
  readonly test: Effect.Effect<void, unknown, R>
}

/** Makes checks of one contract. @internal */
export const checkOf =
  (contract: string) =>
  <R>(name: string, test: Effect.Effect<void, unknown, R>): Check<R> => ({ contract, name, test })
