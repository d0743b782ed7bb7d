/**
 * What a round of a consumer is asked for, and what it did.
 *
 * @internal
 */
import type { Effect } from "effect"

/** What one round did. */
export interface Round {
  /** Rows that were claimed first. */
  readonly claimed: number
  /** Deliveries that were settled, or put off after a failed attempt. */
  readonly settled: number
  /** `full`: all that was asked for, and handled; `part`: fewer were there; the others: rolled back or cut short. */
  readonly result: "full" | "part" | "cut" | "contended" | "failed"
  /** Payloads in characters, about; 0 when it is not known. */
  readonly payloadSize?: number
}

/** Nothing was there. */
export const nothingClaimed: Round = { claimed: 0, settled: 0, result: "part" }

/** What was claimed early was left for a later claim. */
export const withdrawn: Round = { claimed: 1, settled: 0, result: "cut" }

/** How a batch follows another one of its worker: see `workers/pipeline.ts`. */
export interface Pipelining {
  /** Waited for between claim and handlers; false: the batch before was not committed, and this one is left. */
  readonly turn: Effect.Effect<boolean>
  /** Told how many were handled when time is up or all are, before anything is settled, and what the batch weighs. */
  readonly handled: (count: number, payloadSize: number) => Effect.Effect<void>
  /** Told at the end of the transaction, before what follows from it. */
  readonly ended: (isCommitted: boolean) => Effect.Effect<void>
}

/** What a round is asked for. */
export interface RoundRequest {
  readonly isStopping: () => boolean
  /** Only events up to this position. */
  readonly maxPosition?: bigint
  readonly pipelining?: Pipelining
}
