/**
 * A round of a consumer: what it is asked for, the rules that hold for all of it, and what it did.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Consumer } from "../../model/Consumer.ts"
import { type ConsumerRules, rulesFor } from "../consumerRules.ts"
import type { Engine } from "../engine.ts"

/** How a batch follows another one of its worker: see `workers/pipeline.ts`. */
export interface Pipelining {
  /** Waited for between claim and handlers; false: the batch before was not committed, and this one is left. */
  readonly turn: Effect.Effect<boolean>
  /** Told how many were handled when time is up or all are, before anything is settled, and what their payloads take. */
  readonly handled: (count: number, payloadSize: number) => Effect.Effect<void>
  /** Told at the end of the transaction, before what follows from it. */
  readonly ended: (isCommitted: boolean) => Effect.Effect<void>
}

/** What a round is asked for. */
export interface RoundRequest {
  /** Whether a worker is being stopped: no further delivery is begun. */
  readonly isStopping: () => boolean
  /** Only events up to this position. */
  readonly maxPosition?: bigint
  /** As in `ClaimRequest`. */
  readonly dueSince?: number | undefined
  readonly pipelining?: Pipelining
  /** Runs when a claim got all it asked for, before handlers do: there may be work for others. */
  readonly onFull?: Effect.Effect<void>
}

/** A round under way. */
export interface Round extends RoundRequest {
  readonly consumer: Consumer
  readonly rules: ConsumerRules
}

/** The round with the rules that are in force now: after a long wait, settings may have changed. */
export const withRulesOfNow = (engine: Engine, round: Round): Effect.Effect<Round> =>
  Effect.map(engine.settings.current, (settings) => ({ ...round, rules: rulesFor(round.consumer, settings) }))

/** What one round did. */
export interface RoundResult {
  /** Rows that were claimed first. */
  readonly claimed: number
  /** Deliveries that were settled, or put off after a failed attempt. */
  readonly settled: number
  /** `full`: all that was asked for, and handled; `part`: fewer were there; the others: rolled back or cut short. */
  readonly result: "full" | "part" | "cut" | "contended" | "failed" | "lost"
  /** Payloads in characters, about; 0 when it is not known. */
  readonly payloadSize?: number
  /** How long handlers took for what was settled, in milliseconds, when that is known. */
  readonly handledMillis?: number
}

/** Nothing was there. */
export const nothingClaimed: RoundResult = { claimed: 0, settled: 0, result: "part" }

/** What was claimed early was left for a later claim. */
export const withdrawn: RoundResult = { claimed: 1, settled: 0, result: "cut" }
