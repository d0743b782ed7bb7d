/**
 * What a transaction is asked for, how its work may leave it before a handler ran, and what it did.
 *
 * @internal
 */
import { type Cause, Data, type Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Claimed, Settlement } from "../../stores/Delivery.ts"
import type { PutBack } from "../handlers/handlers.ts"
import type { Pipelining, Round } from "./round.ts"

/** What an attempt in recovery does with suspect deliveries it has claimed. */
export type CrashDecision =
  /** A note of these has been written, the first ones: run them. */
  | { readonly _tag: "Run"; readonly rows: ReadonlyArray<Claimed> }
  /** An earlier attempt of the first crashed, so many milliseconds after it began: it is charged now, instead of a run. */
  | { readonly _tag: "ChargeCrash"; readonly durationMillis: number }
  /** The first crashed before: nothing was written, as it is to be run while no other attempt in recovery runs. */
  | { readonly _tag: "RunExclusively" }

export interface TransactionRequest {
  readonly round: Round
  readonly claim: Effect.Effect<ReadonlyArray<Claimed>, StoreError>
  /** How often this delivery has been repeated because other transactions stood in its way. */
  readonly repeats: number
  /** Deliveries that are left out, with all that follow them in order. */
  readonly avoided?: ReadonlySet<string>
  /** What to do with suspect deliveries, one or more; without it, none is run. */
  readonly decideAfterCrash?: (rows: ReadonlyArray<Claimed>) => Effect.Effect<CrashDecision, StoreError>
  /** Only for the first transaction of a round. */
  readonly pipelining?: Pipelining | undefined
}

/** Leaves the transaction before a handler ran: the delivery is for a recovery round. */
export class Postponed extends Data.TaggedError("Postponed")<{ readonly isExclusive: boolean }> {}

/** Leaves the transaction before a handler ran, as the batch before was not committed. */
export class Withdrawn extends Data.TaggedError("Withdrawn") {}

/** A delivery that was not processed, and what was written about it. */
export interface Unprocessed {
  readonly row: Claimed
  readonly settlement: Settlement
  /** Whether it counts as a failure of its handler, or of its payload. */
  readonly isFault: boolean
  /** For so many milliseconds all that its consumer has is to wait, if it is said. */
  readonly coolsMillis?: number | undefined
}

/** What a transaction settled. */
export interface Settled {
  readonly processed: ReadonlyArray<Claimed>
  /** Skipped, put off or given up. */
  readonly others: ReadonlyArray<Unprocessed>
}

/** What a transaction did. */
export type TransactionResult = Data.TaggedEnum<{
  /** Committed: `rows` were taken, and of them these were settled. */
  Committed: Settled & {
    readonly rows: ReadonlyArray<Claimed>
    /** Payloads in characters, about. */
    readonly payloadSize: number
    /** How long the handlers took together, in milliseconds. */
    readonly handledMillis: number
  }
  /** Rolled back because transactions stood in each other's way. Nobody is charged. */
  Contended: { readonly rows: ReadonlyArray<Claimed> }
  /** Rolled back before a handler ran: the batch before this one was not committed. */
  Withdrawn: Record<never, never>
  /** Rolled back before a handler ran: the delivery is for a recovery round. */
  NeedsRecovery: { readonly isExclusive: boolean }
  /** The connection ended: nobody knows whose fault it was, nor, at COMMIT, whether it was committed. */
  Lost: { readonly rows: ReadonlyArray<Claimed> }
  /** Rolled back because of deliveries that are given back: the others are free again. */
  PutBack: { readonly rows: ReadonlyArray<Claimed>; readonly snoozed: PutBack["snoozed"] }
  /** Rolled back because of at least one of `candidates`: all rows when it cannot be told, as at COMMIT. */
  Failed: {
    readonly rows: ReadonlyArray<Claimed>
    readonly candidates: ReadonlyArray<Claimed>
    readonly cause: Cause.Cause<unknown>
    readonly durationMillis: number
  }
}>

export const TransactionResult = Data.taggedEnum<TransactionResult>()
