/**
 * Rounds of a consumer that recovers from a crash: one delivery each, as `decideAfterCrash.ts` says; and what makes it recover.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Consumer } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { handledClaimOf } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import { charge } from "../transactions/charge.ts"
import { contentionPause, followUp } from "../transactions/followUp.ts"
import { type CrashDecision, TransactionResult } from "../transactions/result.ts"
import { nothingClaimed, type Round, type RoundResult, withdrawn, withRulesOfNow } from "../transactions/round.ts"
import { runTransaction } from "../transactions/transaction.ts"
import { decideAfterCrash } from "./decideAfterCrash.ts"

type Decide = (row: Claimed) => Effect.Effect<CrashDecision, StoreError>

/**
 * Decides about a suspect delivery. Where a note cannot be written beside an open transaction, that is done before:
 * nobody else can take the delivery there.
 */
const decideBefore = Effect.fnUntraced(function* (
  engine: Engine,
  claim: Effect.Effect<ReadonlyArray<Claimed>, StoreError>,
  decide: Decide
): Effect.fn.Return<Decide, StoreError> {
  if (!engine.capabilities.singleSession) return decide
  const [row] = yield* engine.transactor.withTransaction(untraced(claim))
  const known = row?.recovery?.isSuspect === true ? yield* untraced(decide(row)) : undefined
  return (claimed) =>
    known !== undefined && claimed.deliveryId === row?.deliveryId ? Effect.succeed(known) : decide(claimed)
})

/** A transaction of one delivery, and the note of its attempt: gone when it returns, unless the connection was lost. */
const runNoted = Effect.fnUntraced(function* (
  engine: Engine,
  before: Round,
  isExclusive: boolean
): Effect.fn.Return<TransactionResult, StoreError> {
  let noted: Claimed | undefined
  const eraseNote = Effect.suspend(() =>
    noted === undefined
      ? Effect.void
      : withStatementTimeout(engine, "replicas.eraseStarted", untraced(engine.replicas.eraseStarted(noted)))
  )
  const decide: Decide = (row) =>
    Effect.tap(decideAfterCrash(engine.replicas, row, isExclusive), (decision) =>
      Effect.sync(() => {
        if (decision._tag === "Run") noted = row
      })
    )
  const run = Effect.gen(function* () {
    // It may have waited long for its turn.
    const round = yield* withRulesOfNow(engine, before)
    const claim = engine.inbox.claim({ ...handledClaimOf(engine, round), limit: 1 })
    const decideOnce = yield* decideBefore(engine, claim, decide)
    return yield* runTransaction(engine, { round, claim, repeats: 0, decideAfterCrash: decideOnce })
  }).pipe(
    // Given back, or never begun, at no charge: the note would be one.
    Effect.onError(() => Effect.ignore(eraseNote))
  )
  const result = yield* (isExclusive ? engine.recovery.exclusive : engine.recovery.shared(before.consumer.name))(run)
  // A commit has erased the note of its own delivery. It may have been another one, or none, than was looked at before.
  const isErased = result._tag === "Committed" && result.rows[0]?.deliveryId === noted?.deliveryId
  if (result._tag !== "Lost" && !isErased) yield* eraseNote
  return result
})

/** Whether the consumer still recovers, as far as its last claim tells; ends its recovery when nothing suspect is left. */
const checkRecovery = Effect.fnUntraced(function* (engine: Engine, { name }: Consumer, row: Claimed | undefined) {
  if (row?.recovery?.isRecovering !== true) engine.recovery.recovering.delete(name)
  else if (!row.recovery.isSuspect) {
    yield* withStatementTimeout(engine, "replicas.endRecovery", untraced(engine.replicas.endRecovery([name])))
  }
})

/**
 * One delivery of a recovering consumer.
 *
 * @param isExclusive - runs while no other attempt in recovery runs in this process
 */
export const recoveryRound = (
  engine: Engine,
  round: Round,
  isExclusive = false
): Effect.Effect<RoundResult, StoreError> =>
  Effect.gen(function* () {
    const { consumer } = round
    const cut = (settled: number): RoundResult => ({ claimed: 1, settled, result: "cut" })
    return yield* TransactionResult.$match(yield* runNoted(engine, round, isExclusive), {
      Committed: Effect.fnUntraced(function* ({ others, processed, rows: [row] }) {
        yield* checkRecovery(engine, consumer, row)
        const settled = yield* followUp(engine, consumer, processed, others)
        return row === undefined ? nothingClaimed : cut(settled)
      }),
      Withdrawn: () => Effect.succeed(withdrawn),
      NeedsRecovery: (needs) => (needs.isExclusive ? recoveryRound(engine, round, true) : Effect.succeed(cut(0))),
      Contended: () => Effect.as(contentionPause, cut(0)),
      Lost: () => noteLostConnection(engine, consumer, 1),
      Failed: (failed) => Effect.map(charge(engine, round, failed.rows[0] as Claimed, failed), cut)
    })
  })

/** A batch whose connection ended is treated like one whose process did. */
export const noteLostConnection = (engine: Engine, { name }: Consumer, claimed: number) =>
  Effect.sync((): RoundResult => {
    engine.recovery.lostConnections.add(name)
    return { claimed, settled: 0, result: "lost" }
  })

/** Tells all processes of a connection that was lost in a batch, once the database can be reached again. */
export const reportLostConnection = Effect.fnUntraced(function* (engine: Engine, { name }: Consumer) {
  if (!engine.recovery.lostConnections.has(name)) return
  yield* withStatementTimeout(engine, "replicas.startRecovery", untraced(engine.replicas.startRecovery(name)))
  engine.recovery.lostConnections.delete(name)
  engine.recovery.recovering.add(name)
})
