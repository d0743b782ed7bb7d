/**
 * Rounds of a consumer that recovers from a crash: one delivery each, or a batch, as `decideAfterCrash.ts` says; and what makes it
 * recover.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Consumer } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { handledClaimOf, isIsolated } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import { charge } from "../transactions/charge.ts"
import { contentionPause, followUp } from "../transactions/followUp.ts"
import { putBack } from "../transactions/putBack.ts"
import { type CrashDecision, TransactionResult } from "../transactions/result.ts"
import { nothingClaimed, type Round, type RoundResult, withdrawn, withRulesOfNow } from "../transactions/round.ts"
import { runTransaction } from "../transactions/transaction.ts"
import { decideAfterCrash } from "./decideAfterCrash.ts"

type Decide = (suspects: ReadonlyArray<Claimed>) => Effect.Effect<CrashDecision, StoreError>

/**
 * Decides about suspect deliveries. Where a note cannot be written beside an open transaction, that is done before:
 * nobody else can take the delivery there.
 */
const decideBefore = Effect.fnUntraced(function* (
  engine: Engine,
  claim: Effect.Effect<ReadonlyArray<Claimed>, StoreError>,
  decide: Decide
): Effect.fn.Return<Decide, StoreError> {
  if (!engine.capabilities.singleSession) return decide
  const [row] = yield* engine.transactor.withTransaction(untraced(claim))
  const known = row?.recovery?.isSuspect === true ? yield* untraced(decide([row])) : undefined
  return (claimed) => {
    const [first] = claimed
    if (known === undefined || first === undefined || first.deliveryId !== row?.deliveryId) return decide(claimed)
    return Effect.succeed(known._tag === "Run" ? { ...known, rows: [first] } : known)
  }
})

/** Most deliveries that are handled together: if their connection is lost, each of them is handled alone. */
const mostTogether = 10

/** Deliveries of one round: one, or as many as a batch begins with. */
const sizeOf = (engine: Engine, { consumer, rules }: Round, isAlone: boolean) =>
  isAlone || engine.capabilities.singleSession || isIsolated(engine, consumer)
    ? 1
    : Math.min(mostTogether, rules.firstBatch)

/** How attempts are made. */
interface Manner {
  /** While no other attempt in recovery runs in this process. */
  readonly isExclusive?: boolean
  /** One delivery alone. */
  readonly isAlone?: boolean
}

/** A transaction, and the notes of its attempts: gone when it returns, unless the connection was lost. */
const runNoted = Effect.fnUntraced(function* (
  engine: Engine,
  before: Round,
  { isAlone = false, isExclusive = false }: Manner
): Effect.fn.Return<TransactionResult, StoreError> {
  let noted: ReadonlyArray<Claimed> = []
  const eraseNotes = Effect.suspend(() =>
    noted.length === 0
      ? Effect.void
      : withStatementTimeout(
          engine,
          "replicas.eraseStarted",
          untraced(engine.replicas.eraseStarted(noted, { own: true }))
        )
  )
  const decide: Decide = (suspects) =>
    Effect.tap(decideAfterCrash(engine.replicas, suspects, isExclusive), (decision) =>
      Effect.sync(() => {
        if (decision._tag === "Run") noted = decision.rows
      })
    )
  const run = Effect.gen(function* () {
    // It may have waited long for its turn.
    const round = yield* withRulesOfNow(engine, before)
    const claim = engine.inbox.claim({
      ...handledClaimOf(engine, round),
      limit: sizeOf(engine, round, isAlone || isExclusive)
    })
    const decideOnce = yield* decideBefore(engine, claim, decide)
    const result = yield* runTransaction(engine, { round, claim, repeats: 0, decideAfterCrash: decideOnce })
    // A commit has erased the notes of its own deliveries. It may have been another one, or none, than was looked at before.
    const isErased = result._tag === "Committed" && result.rows[0]?.deliveryId === noted[0]?.deliveryId
    if (result._tag !== "Lost" && !isErased) yield* eraseNotes
    return result
  }).pipe(
    // Given back, or never begun, at no charge: the note would be one.
    Effect.onError(() => Effect.ignore(eraseNotes))
  )
  return yield* (isExclusive ? engine.recovery.exclusive : engine.recovery.shared(before.consumer.name))(run)
})

/** Whether the consumer still recovers, as far as its last claim tells; ends its recovery when nothing suspect is left. */
const checkRecovery = Effect.fnUntraced(function* (engine: Engine, { name }: Consumer, row: Claimed | undefined) {
  if (row?.recovery?.isRecovering !== true) engine.recovery.recovering.delete(name)
  else if (!row.recovery.isSuspect) {
    yield* withStatementTimeout(engine, "replicas.endRecovery", untraced(engine.replicas.endRecovery([name])))
  }
})

const cut = (claimed: number, settled: number): RoundResult => ({ claimed, settled, result: "cut" })

/** So many deliveries one after the other, each alone: they could not be handled together. */
const eachAlone = Effect.fnUntraced(function* (
  engine: Engine,
  round: Round,
  count: number
): Effect.fn.Return<RoundResult, StoreError> {
  let settled = 0
  for (let n = 0; n < count && !(n > 0 && round.isStopping()); n++) {
    const one = yield* recoveryRound(engine, round, { isAlone: true })
    settled += one.settled
    // Its connection was lost, or nothing is left.
    if (one.result !== "cut") return { ...one, settled }
  }
  return cut(count, settled)
})

/** Deliveries of a recovering consumer: one, or those that may be handled together. */
export const recoveryRound = (
  engine: Engine,
  round: Round,
  manner: Manner = {}
): Effect.Effect<RoundResult, StoreError> =>
  Effect.gen(function* () {
    const { consumer } = round
    return yield* TransactionResult.$match(yield* runNoted(engine, round, manner), {
      Committed: Effect.fnUntraced(function* ({ others, processed, rows }) {
        yield* checkRecovery(engine, consumer, rows[0])
        const settled = yield* followUp(engine, consumer, processed, others)
        return rows.length === 0 ? nothingClaimed : cut(rows.length, settled)
      }),
      Withdrawn: () => Effect.succeed(withdrawn),
      NeedsRecovery: (needs) =>
        needs.isExclusive ? recoveryRound(engine, round, { isExclusive: true }) : Effect.succeed(cut(1, 0)),
      Contended: ({ rows }) =>
        // One that was claimed with others waits for locks as briefly as they do.
        manner.isAlone === true || manner.isExclusive === true
          ? Effect.as(contentionPause, cut(1, 0))
          : eachAlone(engine, round, rows.length),
      Lost: ({ rows }) => noteLostConnection(engine, consumer, rows.length),
      PutBack: (result) => putBack(engine, round, result),
      Failed: (failed) =>
        failed.rows.length > 1
          ? eachAlone(engine, round, failed.rows.length)
          : Effect.map(charge(engine, round, failed.rows[0] as Claimed, failed), (settled) => cut(1, settled))
    })
  })

/** What is to be told of a batch whose connection ended. */
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
