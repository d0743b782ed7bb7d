/**
 * The workers of one consumer in this process: who is idle, and how much one of them claims, so that the others find
 * something to do as well.
 *
 * A batch is no more than its handlers get through before it is committed: what it holds beyond that is kept from others
 * for nothing. While workers are idle, it is their share at most.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Consumer } from "../../model/Consumer.ts"
import type { Engine } from "../engine.ts"
import type { RoundResult } from "../transactions/round.ts"
import type { BatchSize } from "./batchSize.ts"

export interface Crew {
  /** How many there are. */
  readonly workers: number
  /** Runs a round of one worker, which is not idle meanwhile. */
  readonly busy: <A, E, R>(round: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Calls another worker, one that is idle or else the next to be: something may be left for it. */
  readonly call: Effect.Effect<void>
  /** How many deliveries a worker claims next. */
  readonly share: (size: BatchSize) => number
  /** Takes note of how long handlers took. */
  readonly learn: (result: Pick<RoundResult, "settled" | "handledMillis">) => void
  /** Whether nobody is at work. */
  readonly isIdle: () => boolean
}

/** Work that is not worth being divided, in milliseconds: a transaction of its own costs about as much. */
const indivisibleMillis = 5

/**
 * How many deliveries one worker claims: pure.
 *
 * @param size - what its batches have grown to
 * @param handlerMillis - how long a delivery takes, lately; undefined when that is not known
 * @param idle - how many other workers have nothing to do
 */
export const shareOf = (
  { maxBatchTimeMillis, workers }: { readonly maxBatchTimeMillis: number; readonly workers: number },
  size: number,
  handlerMillis: number | undefined,
  idle: number
): number => {
  if (handlerMillis === undefined) return workers === 1 ? size : 1
  if (handlerMillis === 0) return size
  const inTime = Math.min(size, Math.max(1, Math.ceil(maxBatchTimeMillis / handlerMillis)))
  if (idle === 0) return inTime
  const divided = Math.max(Math.ceil(inTime / (idle + 1)), Math.ceil(indivisibleMillis / handlerMillis))
  return Math.min(inTime, divided)
}

/** @param wake - wakes a worker that waits, or the next one to wait */
export const of = ({ maxBatchTimeMillis, registry }: Engine, consumer: Consumer, wake: Effect.Effect<void>): Crew => {
  const workers = consumer.options.concurrency ?? 1
  let busy = 0
  let handlerMillis: number | undefined
  return {
    workers,
    isIdle: () => busy === 0,
    busy: (round) =>
      Effect.acquireUseRelease(
        Effect.sync(() => busy++),
        () => round,
        () => Effect.sync(() => busy--)
      ),
    call: workers > 1 ? wake : Effect.void,
    share: ({ current }) =>
      // How long one call of a batch handler takes says nothing of a single delivery.
      registry.isBatched(consumer.name)
        ? current
        : shareOf({ maxBatchTimeMillis, workers }, current, handlerMillis, workers - busy),
    learn: ({ handledMillis: millis, settled }) => {
      if (millis === undefined || settled === 0) return
      const lately = millis / settled
      // Half of what it was, so that a single slow handler is forgotten soon.
      handlerMillis = handlerMillis === undefined ? lately : (handlerMillis + lately) / 2
    }
  }
}
