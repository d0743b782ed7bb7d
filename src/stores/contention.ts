/**
 * What transactions do to each other, where it is nobody's business but ours.
 *
 * @internal
 */
import { Effect, Random } from "effect"
import { isRolledBack } from "../errors/sqlState.ts"

/** How often something is repeated at most: each time a little later, and not at once with the others. */
const maxRepeats = 20

/** Longest pause before a repetition, in milliseconds. */
const longestPause = 500

const pause = (repeats: number) =>
  Effect.flatMap(Random.nextBetween(1, Math.min(longestPause, 5 * 2 ** repeats)), (millis) => Effect.sleep(millis))

/**
 * Repeats an operation that the database rolled back because of other transactions. Inside a transaction that is left to who
 * began it: what was done there before is gone too.
 *
 * @param isShared - whether there was something else in the transaction, as asked after a failure
 */
export const repeatAlone =
  (isShared: Effect.Effect<boolean>) =>
  <A, E, R>(operation: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const attempt = (repeats: number): Effect.Effect<A, E, R> =>
      Effect.catchCause(operation, (cause) =>
        repeats < maxRepeats && isRolledBack(cause)
          ? Effect.flatMap(isShared, (isNotOurs) =>
              isNotOurs ? Effect.failCause(cause) : Effect.andThen(pause(repeats), attempt(repeats + 1))
            )
          : Effect.failCause(cause)
      )
    return attempt(0)
  }
