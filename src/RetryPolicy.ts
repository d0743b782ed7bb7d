/**
 * When a failed delivery is tried again, and when it gives up: pure.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Exit, Schedule } from "effect"

/** Longest delay between two attempts, in milliseconds: one hour. @since 0.1.0 */
export const maxDelayMillis = 3_600_000

/** Steps replayed at most; every schedule here is constant long before. */
const maxReplay = 1000

/**
 * The default schedule: `base × 2^(k−1)` after failure k, at most an hour, without jitter.
 *
 * @param baseMillis - delay after the first failure, in milliseconds
 *
 * @since 0.1.0
 */
export const exponential = (baseMillis: number): Schedule.Schedule<unknown> =>
  Schedule.min([Schedule.exponential(Duration.millis(baseMillis)), Schedule.spaced(Duration.millis(maxDelayMillis))])

/**
 * Delay in milliseconds that a schedule gives after failure `failures` (from 1), or `undefined` when it has ended by
 * then. The schedule's state is nothing but the number of failures, which is durable: it is replayed step by step.
 *
 * @since 0.1.0
 */
export const delayAfter = Effect.fnUntraced(function* (
  schedule: Schedule.Schedule<unknown>,
  failures: number
): Effect.fn.Return<number | undefined> {
  const step = yield* Schedule.toStep(schedule)
  let now = 0
  let delay: number | undefined
  for (let failure = 1; failure <= Math.min(failures, maxReplay); failure++) {
    const exit = yield* Effect.exit(step(now, undefined))
    if (Exit.isFailure(exit)) return undefined
    delay = Duration.toMillis(exit.value[1])
    now += delay
  }
  return delay
})

/** What happens to a failed delivery. @since 0.1.0 */
export type Decision =
  | { readonly _tag: "Retry"; readonly inMillis: number }
  | { readonly _tag: "GiveUp"; readonly status: "dead_letter" | "failed" }

/**
 * Decides about a delivery that has now failed `failures` times.
 *
 * @param options.maxAttempts - attempts that count before it gives up
 * @param options.baseMillis - delay after the first failure, in milliseconds
 * @param options.deadLetters - whether giving up makes a dead letter, or only `failed`
 * @param options.isFatal - retrying cannot help
 * @param options.delayMillis - a delay the handler asked for instead
 *
 * @since 0.1.0
 */
export const decide = Effect.fnUntraced(function* (options: {
  readonly failures: number
  readonly maxAttempts: number
  readonly baseMillis: number
  readonly deadLetters: boolean
  readonly isFatal: boolean
  readonly delayMillis: number | undefined
}): Effect.fn.Return<Decision> {
  const giveUp: Decision = { _tag: "GiveUp", status: options.deadLetters ? "dead_letter" : "failed" }
  if (options.isFatal || options.failures >= options.maxAttempts) return giveUp
  const delay = options.delayMillis ?? (yield* delayAfter(exponential(options.baseMillis), options.failures))
  return delay === undefined ? giveUp : { _tag: "Retry", inMillis: delay }
})
