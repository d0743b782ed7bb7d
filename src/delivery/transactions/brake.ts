/**
 * The brake: a consumer of which too many attempts fail is paused, in all processes, before it makes dead letters of all it has.
 *
 * Each process counts what it has attempted itself, over a while that ends now. What it says is durable, so that nobody goes on.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Consumer } from "../../model/Consumer.ts"
import { cutTo } from "../../model/storable.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type BrakeRules, brakeRulesOf } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import { FailureWindow } from "../failureWindow.ts"
import type { Unprocessed } from "./result.ts"

/** Characters of the last error in the reason. */
const maxError = 500

const isTooMuch = ({ maxRate, minAttempts }: BrakeRules, window: FailureWindow) => {
  const { attempts, failures } = window.counts
  return attempts >= minAttempts && failures > maxRate * attempts
}

const reasonOf = ({ maxRate, windowMillis }: BrakeRules, window: FailureWindow, error: string | undefined) => {
  const { attempts, failures } = window.counts
  const last = error === undefined || error === "" ? "" : `; the last: ${cutTo(error, maxError)}`
  return `${failures} of ${attempts} attempts failed within ${windowMillis / 1000} s, more than maxFailureRate ${maxRate} allows${last}`
}

const windowOf = (engine: Engine, consumer: Consumer): FailureWindow => {
  const known = engine.failures.get(consumer.name)
  if (known !== undefined) return known
  const made = new FailureWindow()
  engine.failures.set(consumer.name, made)
  return made
}

/** Pauses the consumer. One that was resumed since the window began is given the time from then on. */
const pause = Effect.fnUntraced(function* (
  engine: Engine,
  { name }: Consumer,
  window: FailureWindow,
  now: number,
  reason: string
): Effect.fn.Return<void, StoreError> {
  const braking = engine.subscriptions.brake(name, reason, now - window.startedAt(now))
  const { isPaused, resumedMillisAgo } = yield* withStatementTimeout(engine, "subscriptions.brake", untraced(braking))
  if (resumedMillisAgo !== null) window.forget(now - resumedMillisAgo)
  if (!isPaused) return
  window.forget(Number.POSITIVE_INFINITY)
  yield* Effect.annotateLogs(
    Effect.logError(
      `Consumer "${name}" is paused, in all processes: ${reason}. What it has is kept. When that is mended, go on with Processor.resume("${name}").`
    ),
    { consumer: name }
  )
})

/** Counts attempts that have ended, and pauses their consumer if too many of them failed. */
export const brake = (
  engine: Engine,
  consumer: Consumer,
  processed: number,
  others: ReadonlyArray<Unprocessed>
): Effect.Effect<void, StoreError> => {
  const rules = brakeRulesOf(consumer)
  if (rules === undefined) return Effect.void
  return Effect.flatMap(engine.now, (now) => {
    const failed = others.filter(({ isFault }) => isFault)
    const skipped = others.filter(({ settlement }) => settlement.status === "skipped")
    const attempts = processed + skipped.length + failed.length
    const window = windowOf(engine, consumer)
    if (attempts > 0) window.add(now, rules.windowMillis, attempts, failed.length)
    return failed.length > 0 && isTooMuch(rules, window)
      ? pause(engine, consumer, window, now, reasonOf(rules, window, failed.at(-1)?.settlement.error))
      : Effect.void
  })
}
