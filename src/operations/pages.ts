/**
 * Pages of lists.
 *
 * @internal
 */
import { Effect } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"

/** Largest page of a list. */
export const maxLimit = 1000

/** Fails with `InvalidOption` unless a page can be so large. @param where - as `Audit.list` */
export const checkLimit = (where: string, limit: unknown): Effect.Effect<void, InvalidOption> =>
  Number.isInteger(limit) && (limit as number) >= 1 && (limit as number) <= maxLimit
    ? Effect.void
    : Effect.fail(
        new InvalidOption({
          option: `limit of ${where}`,
          value: String(limit),
          expected: `an integer from 1 to ${maxLimit}`
        })
      )
