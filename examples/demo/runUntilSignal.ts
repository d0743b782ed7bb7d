/** Runs a program until it ends, or somebody ends the process: then it is left in good order. */
import { Cause, Effect, Exit } from "effect"

/** A signal that comes within this time of the first is the same one: npm passes on what the terminal has sent already. */
const sameMillis = 1000

/** The process ends with 1 and the error's words when the program fails, with 0 when a signal ends it. */
export const runUntilSignal = async (program: Effect.Effect<unknown, unknown>): Promise<void> => {
  const controller = new AbortController()
  let firstAt: number | undefined
  const end = () => {
    if (firstAt !== undefined && Date.now() - firstAt > sameMillis) process.exit(130)
    firstAt ??= Date.now()
    controller.abort()
  }
  process.on("SIGINT", end)
  process.on("SIGTERM", end)
  const exit = await Effect.runPromiseExit(program, { signal: controller.signal })
  process.off("SIGINT", end)
  process.off("SIGTERM", end)
  if (Exit.isSuccess(exit) || controller.signal.aborted) return
  const error = Cause.squash(exit.cause)
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
