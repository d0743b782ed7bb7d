/**
 * Calls that are made once for all who ask within a while.
 *
 * @internal
 */
import { setTimeout } from "node:timers"

/** Calls at once, then at most once in every `pauseMillis`, for those who asked meanwhile. Waiting keeps no process alive. */
export const coalesced = (call: () => void, pauseMillis: number): (() => void) => {
  let isPaused = false
  let isAsked = false
  const ask = () => {
    isAsked = true
    if (isPaused) return
    isPaused = true
    isAsked = false
    setTimeout(() => {
      isPaused = false
      if (isAsked) ask()
    }, pauseMillis).unref()
    call()
  }
  return ask
}
