/**
 * Effect's logger, as handlers of the reference use it.
 *
 * @internal
 */
import { Effect } from "effect"
import type { ReferenceLogger } from "./reference.ts"
import type { Runner } from "./runner.ts"

/** Says what a handler says where the engine says what it has to say, with the delivery beside it. */
export const effectLogger = (runner: Runner): ReferenceLogger => {
  const saying =
    (log: (...words: ReadonlyArray<unknown>) => Effect.Effect<void>) =>
    (...words: ReadonlyArray<unknown>) => {
      // An integration that has stopped has no loggers of its own any more.
      runner.run(log(...words)).catch(() => Effect.runFork(log(...words)))
    }
  return {
    log: saying(Effect.logInfo),
    error: saying(Effect.logError),
    warn: saying(Effect.logWarning),
    debug: saying(Effect.logDebug),
    verbose: saying(Effect.logTrace)
  }
}
