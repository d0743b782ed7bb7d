/**
 * Running a program: from its start to a signal, with the exit codes that whoever started it goes by.
 *
 * @internal
 */
import { Cause, Effect, Fiber, Layer } from "effect"
import { describe, principal } from "../errors/errorText.ts"
import { plainSecretText } from "../errors/plainSecret.ts"

const signals = ["SIGTERM", "SIGINT"] as const

/** A signal that comes so soon after another is the same one. */
const repeatMillis = 1000

/** The errors that a start fails with say what to do; what is a defect has its stack. */
const wordsOf = (cause: Cause.Cause<unknown>): string =>
  plainSecretText(cause) ??
  (cause.reasons.some(Cause.isDieReason) ? Cause.pretty(cause) : describe(principal(cause)).text)

const end = (code: number) => {
  process.exitCode = code
  // Whatever else is open, as a pool that nobody closes, does not hold the process.
  process.exit()
}

/**
 * Builds a layer, and keeps it until the process is told to end: by `SIGTERM` or `SIGINT`, upon which it is closed, so that running
 * handlers finish as `shutdownGracePeriod` lets them. A second signal, a second later, ends the process at once.
 *
 * The exit code is 0 after a signal, and 1 when the layer could not be built, or not be closed: the log says why, in one line.
 *
 * @param layer - everything that the program is, with nothing left to provide
 *
 * @since 0.1.0
 */
export const run = <A, E>(layer: Layer.Layer<A, E>): void => {
  const fiber = Effect.runFork(Layer.launch(layer))
  let stoppingSince: number | undefined
  fiber.addObserver((exit) => {
    const isAsked = stoppingSince !== undefined && (exit._tag === "Success" || Cause.hasInterruptsOnly(exit.cause))
    if (isAsked) return end(0)
    const why = exit._tag === "Success" ? "its layer has ended" : wordsOf(exit.cause)
    Effect.runFork(
      Effect.ensuring(
        Effect.logFatal(`This program ends: ${why}`),
        Effect.sync(() => end(1))
      )
    )
  })
  const stop = (signal: NodeJS.Signals) => {
    // A terminal and npm may both pass one on.
    if (stoppingSince !== undefined) return performance.now() - stoppingSince < repeatMillis ? undefined : end(1)
    stoppingSince = performance.now()
    Effect.runFork(Effect.andThen(Effect.logInfo(`${signal}: finishing what runs.`), Fiber.interrupt(fiber)))
  }
  for (const signal of signals) process.on(signal, stop)
}
