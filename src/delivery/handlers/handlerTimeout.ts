/**
 * Runs handlers under a timeout each, with one timer for all of them.
 *
 * A timeout per handler would cost a fiber and a timer per delivery; here one watcher looks at when the handler that
 * is running now began.
 *
 * @internal
 */
import { Context, Effect, Fiber, Option } from "effect"
import { CurrentClientTransaction } from "../../stores/ClientTransaction.ts"
import { steadyMillis } from "../../stores/steadyMillis.ts"
import { awaitEnd, untilPassed } from "../../stores/unresponsive.ts"

/** When the handler that is running now began: see `steadyMillis`. */
export interface RunningHandler {
  startedAt: number
}

/** Whether the time of the handlers that run is over: then an interruption is their failure. */
export interface Timeout {
  readonly millis: number
  hasPassed: boolean
}

export const CurrentTimeout = Context.Reference<Timeout | undefined>("effect-integration/CurrentTimeout", {
  defaultValue: () => undefined
})

/** How long an interrupted handler may take to end before its delivery goes on without it, in milliseconds. */
const abandonAfterMillis = 1000

/** Interrupts a handler and waits a moment: code that cannot be interrupted must not hold up the rest. */
const abandon = (fiber: Fiber.Fiber<unknown, unknown>) =>
  Effect.flatMap(CurrentClientTransaction, (current) => {
    // Promises that it waited for go on, and may write when the transaction is no more.
    current?.forsake("interrupted")
    fiber.interruptUnsafe()
    // Not with a timeout made interruptible: one that runs because of an interruption would end at once.
    return awaitEnd(fiber, abandonAfterMillis)
  })

/**
 * Runs `work`, which keeps `progress` up to date. Returns none when a handler took longer than `timeoutMillis`; it is
 * interrupted then, and given up if it does not end.
 */
export const withHandlerTimeout = <A, E, R>(
  work: (progress: RunningHandler) => Effect.Effect<A, E, R>,
  timeoutMillis: number
): Effect.Effect<Option.Option<A>, E, R> =>
  // No interruption comes between the fork and the handler that would end it.
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const progress: RunningHandler = { startedAt: yield* steadyMillis }
      // No child: the end of this fiber would wait for one that cannot be interrupted.
      const timeout: Timeout = { millis: timeoutMillis, hasPassed: false }
      const running = Effect.provideService(work(progress), CurrentTimeout, timeout)
      const fiber = yield* Effect.forkDetach(running, { startImmediately: true })
      const finished = yield* restore(
        Effect.raceFirst(
          Effect.as(Fiber.await(fiber), true),
          Effect.as(
            untilPassed(() => progress.startedAt, timeoutMillis),
            false
          )
        )
      ).pipe(Effect.onInterrupt(() => abandon(fiber)))
      if (finished) return Option.some(yield* Fiber.join(fiber))
      timeout.hasPassed = true
      yield* abandon(fiber)
      return Option.none()
    })
  )
