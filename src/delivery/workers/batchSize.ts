/**
 * How many deliveries a worker claims next: pure.
 *
 * It doubles while batches come full, until transactions get into each other's way; from then on it grows by ten.
 * What stands in the way halves it: rows locked by others, or a delivery that failed and rolled its batch back. Large
 * payloads bound it.
 *
 * @internal
 */
import { maxBatchSize } from "../../model/Consumer.ts"
import type { RoundResult } from "../transactions/round.ts"

export interface BatchSize {
  readonly current: number
  readonly isDoubling: boolean
}

export const start = (size: number): BatchSize => ({ current: size, isDoubling: true })

/** After a batch that was claimed full and not cut short. */
export const grow = (size: BatchSize): BatchSize => ({
  ...size,
  current: Math.max(size.current, Math.min(maxBatchSize, size.isDoubling ? size.current * 2 : size.current + 10))
})

/** Characters of payloads in one batch, about: a batch is in memory as a whole. */
export const largestPayloads = 8_388_608

/** No more than are likely to take that much, going by the last batch. */
export const within = (size: BatchSize, claimed: number, payloadSize: number): BatchSize =>
  payloadSize === 0
    ? size
    : { ...size, current: Math.max(1, Math.min(size.current, Math.floor((largestPayloads * claimed) / payloadSize))) }

const halve = (current: number) => Math.max(1, Math.floor(current / 2))

/** After a lock timeout, a deadlock or a serialization failure, or when the connection was lost. */
export const afterContention = (size: BatchSize): BatchSize => ({ current: halve(size.current), isDoubling: false })

/** After a delivery failed: more may, and each rolls back what its batch did before it. */
export const afterFailure = (size: BatchSize): BatchSize => ({ ...size, current: halve(size.current) })

/** The size of the next batch, after a round. */
export const after = (
  size: BatchSize,
  { claimed, payloadSize = 0, result }: Pick<RoundResult, "claimed" | "result" | "payloadSize">
): BatchSize => {
  if (result === "contended" || result === "lost") return afterContention(size)
  if (result === "failed") return afterFailure(size)
  return within(result === "full" ? grow(size) : size, claimed, payloadSize)
}
