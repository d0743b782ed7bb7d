/**
 * When a failed delivery is tried again, and when it gives up: pure.
 *
 * @since 0.1.0
 */
import { Duration, Effect, Exit, Random, Schedule } from "effect"

/** Longest delay between two attempts by default, in milliseconds: one hour. @since 0.1.0 */
export const maxDelayMillis = 3_600_000

/** Steps replayed at most; every schedule here is constant long before. */
const maxReplay = 1000

/**
 * The default schedule: `base × 2^(k−1)` after failure k, up to a longest delay, without jitter.
 *
 * @param baseMillis - delay after the first failure, in milliseconds
 * @param maxMillis - longest delay, in milliseconds; default an hour
 *
 * @since 0.1.0
 */
export const exponential = (baseMillis: number, maxMillis = maxDelayMillis): Schedule.Schedule<unknown> =>
  Schedule.min([Schedule.exponential(Duration.millis(baseMillis)), Schedule.spaced(Duration.millis(maxMillis))])

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

/** When a consumer's deliveries are tried again. @since 0.1.0 */
export interface Rules {
  /** Attempts that count before a delivery gives up. */
  readonly maxAttempts: number
  /** Delay after the first failure, in milliseconds; doubles with each further one. */
  readonly baseMillis: number
  /** Longest delay, in milliseconds. */
  readonly maxMillis: number
  /** Share of a delay, from 0 to 1, by which it may be shortened at random. */
  readonly jitter: number
  /** Replaces the exponential delays; a delivery gives up where it ends. */
  readonly schedule: Schedule.Schedule<unknown> | undefined
  /** Whether giving up makes a dead letter, or only `failed`. */
  readonly deadLetters: boolean
}

/** A delay, shortened at random by at most the share `jitter`. */
const jittered = (delayMillis: number, jitter: number): Effect.Effect<number> =>
  jitter === 0 ? Effect.succeed(delayMillis) : Effect.map(Random.next, (random) => delayMillis * (1 - jitter * random))

/**
 * Decides about a delivery that has now failed `failures` times.
 *
 * @param options.isFatal - retrying cannot help
 * @param options.delayMillis - a delay the handler asked for instead; neither cut nor shortened
 *
 * @since 0.1.0
 */
export const decide = Effect.fnUntraced(function* (
  options: Rules & {
    readonly failures: number
    readonly isFatal: boolean
    readonly delayMillis: number | undefined
  }
): Effect.fn.Return<Decision> {
  const { baseMillis, delayMillis, failures, jitter, maxMillis, schedule } = options
  const giveUp: Decision = { _tag: "GiveUp", status: options.deadLetters ? "dead_letter" : "failed" }
  if (options.isFatal || failures >= options.maxAttempts) return giveUp
  if (delayMillis !== undefined) return { _tag: "Retry", inMillis: delayMillis }
  const delay = yield* delayAfter(schedule ?? exponential(baseMillis, maxMillis), failures)
  if (delay === undefined) return giveUp
  return { _tag: "Retry", inMillis: yield* jittered(Math.min(delay, maxMillis), jitter) }
})
