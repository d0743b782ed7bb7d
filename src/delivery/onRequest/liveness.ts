/**
 * Whether what delivers is alive, from what is known in this process.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Engine } from "../engine.ts"
import type { Liveness } from "../Liveness.ts"
import type { Poller } from "../maintenance/poller.ts"
import type { Workers } from "../workers/workers.ts"

/** How far layers of subscribers are. */
export interface Progress {
  starting: number
  ending: number
  isStopping: boolean
}

/** Counts as long as an effect runs. */
export const counting =
  (progress: Progress, what: "starting" | "ending") =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const count = (by: number) =>
      Effect.sync(() => {
        progress[what] += by
      })
    return Effect.acquireUseRelease(
      count(1),
      () => effect,
      () => count(-1)
    )
  }

export const livenessOf = (
  engine: Engine,
  {
    maxConcurrentBatches,
    poller,
    progress,
    workers
  }: {
    readonly poller: Poller
    readonly workers: Workers
    readonly progress: Progress
    readonly maxConcurrentBatches: number
  }
): Effect.Effect<Liveness> =>
  Effect.gen(function* () {
    const now = yield* engine.now
    return {
      isPolling: poller.isAlive(),
      polledMillisAgo: now - poller.polledAt(),
      workers: yield* workers.alive,
      ...progress,
      maxConcurrentBatches
    }
  })
