/**
 * Waiting for promises of another client, until it is given up.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import { givenUp, toSqlError } from "./clientErrors.ts"

export interface Waiter {
  /** Waits for what a client promises. Interrupted, nobody waits any more; the client goes on. */
  readonly wait: <A>(operation: string, call: () => PromiseLike<A>) => Effect.Effect<A, SqlError.SqlError>
  /** Fails whatever waits, and whatever is to wait from now on. */
  readonly giveUp: () => void
}

/** @param client - its name, for messages */
export const makeWaiter = (client: string): Waiter => {
  const waiting = new Set<() => void>()
  let isGivenUp = false
  return {
    wait: (operation, call) =>
      Effect.callback((resume) => {
        const fail = (error: unknown) => resume(Effect.fail(toSqlError(client, operation, error)))
        const stop = () => resume(Effect.fail(givenUp(client)))
        if (isGivenUp) return stop()
        waiting.add(stop)
        const settled = () => waiting.delete(stop)
        try {
          call().then(
            (value) => {
              settled()
              resume(Effect.succeed(value))
            },
            (error: unknown) => {
              settled()
              fail(error)
            }
          )
        } catch (error) {
          settled()
          fail(error)
        }
        return Effect.sync(settled)
      }),
    giveUp: () => {
      isGivenUp = true
      for (const stop of waiting) stop()
      waiting.clear()
    }
  }
}
