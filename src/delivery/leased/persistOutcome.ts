/**
 * Writing what became of a leased delivery, with what its handler left to be written.
 *
 * @internal
 */
import { type Cause, Clock, Effect, Exit } from "effect"
import { isConnectionLost, isContention } from "../../errors/sqlState.ts"
import type { Leased, Settlement } from "../../stores/Delivery.ts"
import type { DeferredWrites } from "../../stores/deferredWrites.ts"
import { steadyMillisUnsafe } from "../../stores/steadyMillis.ts"
import { isUnresponsive } from "../../stores/unresponsive.ts"
import { timed } from "../../telemetry/timed.ts"
import { type Engine, untraced } from "../engine.ts"
import { failedOutcome, type Outcome } from "../handlers/outcome.ts"
import { inOwnTransaction } from "../transactions/ownTransaction.ts"
import type { Unprocessed } from "../transactions/result.ts"
import { type Round, withRulesOfNow } from "../transactions/round.ts"
import { unparkNext } from "../transactions/unparkNext.ts"
import { unprocessed } from "../transactions/unprocessed.ts"

/** Writes a settlement, and what the handler left to be written. Returns whether the lease still held. */
const settle = (
  engine: Engine,
  round: Round,
  row: Leased,
  settlement: Settlement,
  writes: DeferredWrites["list"]
): Effect.Effect<boolean, unknown> =>
  inOwnTransaction(
    engine,
    round.rules,
    untraced(
      Effect.gen(function* () {
        const clock = yield* Clock.Clock
        const settling = engine.inbox.settleLease(settlement, row.token)
        const isHeld = yield* timed(engine.telemetry.meters.settle, () => steadyMillisUnsafe(clock), settling)
        if (!isHeld) return false
        for (const write of writes) yield* write
        yield* unparkNext(engine, round, [row], { waits: true })
        return true
      })
    )
  )

/** Whether a failure goes away by itself: the database cannot be reached, or somebody stands in the way. */
const isPassing = (cause: Cause.Cause<unknown>) =>
  isConnectionLost(cause) || isContention(cause) || isUnresponsive(cause)

/** An attempt that has ended. */
interface EndedAttempt {
  readonly row: Leased
  readonly outcome: Outcome
  /** What its handler published and linked. */
  readonly writes: DeferredWrites
  readonly durationMillis: number
}

/**
 * Writes what became of a delivery, as long as it takes while the database is away: the handler has run, and its effects
 * cannot be taken back. What the database refuses of the handler's writes is the handler's failure. Returns what was
 * written; undefined when the lease was lost.
 */
export const persistOutcome = Effect.fnUntraced(function* (
  engine: Engine,
  round: Round,
  { durationMillis, outcome, row, writes }: EndedAttempt
): Effect.fn.Return<Unprocessed | undefined> {
  // The handler may have taken long.
  const { retry } = (yield* withRulesOfNow(engine, round)).rules
  const insist = (settlement: Settlement, withWrites: DeferredWrites["list"]) =>
    engine.incident.survive(
      Effect.flatMap(Effect.exit(settle(engine, round, row, settlement, withWrites)), (exit) =>
        Exit.isFailure(exit) && isPassing(exit.cause) ? Effect.failCause(exit.cause) : Effect.succeed(exit)
      )
    )
  const ended = yield* unprocessed(row, outcome, retry, durationMillis)
  const isUndone = outcome._tag === "Failed" || outcome._tag === "Snoozed"
  const exit = yield* insist(ended.settlement, isUndone ? [] : writes.list)
  if (Exit.isSuccess(exit)) return exit.value ? ended : undefined
  const refused = yield* unprocessed(row, failedOutcome(exit.cause), retry, durationMillis)
  const charged = yield* insist(refused.settlement, [])
  return Exit.isSuccess(charged) && charged.value ? refused : undefined
})
