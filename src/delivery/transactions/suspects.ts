/**
 * Deliveries that may have ended a process or a connection before: which of those that were claimed are run, and what is
 * charged instead.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { type Engine, untraced } from "../engine.ts"
import { crashedOutcome } from "../handlers/outcome.ts"
import type { Handled } from "./batch.ts"
import { Postponed, type TransactionRequest } from "./result.ts"

const isSuspect = (row: Claimed | undefined) => row?.recovery?.isSuspect === true

/** The first rows: as many as are suspect like the first, or not suspect like the first. */
const firstAlike = (rows: ReadonlyArray<Claimed>): ReadonlyArray<Claimed> => {
  const end = rows.findIndex((row) => isSuspect(row) !== isSuspect(rows[0]))
  return end === -1 ? rows : rows.slice(0, end)
}

/** Which of the claimed deliveries this transaction is about. */
interface Selected {
  readonly rows: ReadonlyArray<Claimed>
  /** What became of them already; undefined: they are to be run. */
  readonly charged: ReadonlyArray<Handled> | undefined
  /** Erases their notes, when they have been handled. */
  readonly erase: Effect.Effect<void, StoreError>
}

/** Selects what is to be handled now. Leaves the transaction when that is for another round. */
export const select = Effect.fnUntraced(function* (
  engine: Engine,
  { decideAfterCrash, round }: TransactionRequest,
  claimed: ReadonlyArray<Claimed>
): Effect.fn.Return<Selected, Postponed | StoreError> {
  const alike = firstAlike(claimed)
  const [first] = alike
  if (first === undefined || !isSuspect(first)) return { rows: alike, charged: undefined, erase: Effect.void }
  if (decideAfterCrash === undefined) return yield* new Postponed({ isExclusive: false })
  const decision = yield* untraced(decideAfterCrash(alike))
  if (decision._tag === "RunExclusively") return yield* new Postponed({ isExclusive: true })
  const rows = decision._tag === "Run" ? decision.rows : [first]
  return {
    rows,
    charged:
      decision._tag === "Run"
        ? undefined
        : [[first, crashedOutcome(round.consumer, first, decision.durationMillis)] as const],
    erase: untraced(engine.replicas.eraseStarted(rows))
  }
})
