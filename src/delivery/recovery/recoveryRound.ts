/**
 * Rounds of a consumer that recovers from a crash: one delivery each, as `attemptNotes.ts` says; and what makes it recover.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/store.ts"
import type { Consumer } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/delivery.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { handledClaimOf } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import { charge, contentionPause, followUp } from "../transactions/followUp.ts"
import { type CrashDecision, TransactionResult } from "../transactions/result.ts"
import { nothingClaimed, type Round, type RoundRequest, withdrawn } from "../transactions/round.ts"
import { runTransaction } from "../transactions/transaction.ts"
import { decideAfterCrash } from "./attemptNotes.ts"

/**
 * What to do with a suspect delivery. Where a note cannot be written beside an open transaction, it is written before:
 * nobody else can take the delivery there.
 */
const decider = Effect.fnUntraced(function* (
  engine: Engine,
  claim: Effect.Effect<ReadonlyArray<Claimed>, StoreError>,
  decide: (row: Claimed) => Effect.Effect<CrashDecision, StoreError>
) {
  if (!engine.capabilities.singleSession) return decide
  const [row] = yield* engine.transactor.withTransaction(untraced(claim))
  const known = row?.recovery?.isSuspect === true ? yield* untraced(decide(row)) : undefined
  return (claimed: Claimed): Effect.Effect<CrashDecision, StoreError> =>
    known !== undefined && claimed.deliveryId === row?.deliveryId ? Effect.succeed(known) : decide(claimed)
})

/** One delivery of a recovering consumer. */
export const recoveryRound = (
  engine: Engine,
  consumer: Consumer,
  request: RoundRequest,
  isExclusive = false
): Effect.Effect<Round, StoreError> =>
  Effect.gen(function* () {
    const { name } = consumer
    const claim = engine.inbox.claim({ ...(yield* handledClaimOf(engine, consumer, request)), limit: 1 })
    let noted: Claimed | undefined
    const erase = Effect.suspend(() =>
      noted === undefined
        ? Effect.void
        : withStatementTimeout(
            engine,
            "replicas.eraseStarted",
            untraced(engine.replicas.eraseStarted(noted.deliveryId))
          )
    )
    const decide = (row: Claimed) =>
      Effect.tap(decideAfterCrash(engine.replicas, row, isExclusive), (given) =>
        Effect.sync(() => {
          if (given._tag === "Run") noted = row
        })
      )
    const run = Effect.gen(function* () {
      const decideOnce = yield* decider(engine, claim, decide)
      const { isStopping } = request
      return yield* runTransaction(engine, {
        consumer,
        claim,
        isStopping,
        repeats: 0,
        decideAfterCrash: decideOnce
      })
    }).pipe(
      // Given back, at no charge: the note would be one.
      Effect.onInterrupt(() => Effect.ignore(erase))
    )
    const result = yield* (isExclusive ? engine.recovery.exclusive : engine.recovery.shared(name))(run)
    // A commit has erased the note of its own delivery. It may have been another one, or none, than was looked at before.
    const isErased = result._tag === "Committed" && result.rows[0]?.deliveryId === noted?.deliveryId
    if (result._tag !== "Lost" && !isErased) yield* erase
    return yield* TransactionResult.$match(result, {
      Committed: Effect.fnUntraced(function* ({ others, processed, rows: [row] }) {
        if (row === undefined || row.recovery?.isRecovering !== true) engine.recovery.recovering.delete(name)
        else if (!row.recovery.isSuspect) {
          yield* withStatementTimeout(engine, "replicas.endRecovery", untraced(engine.replicas.endRecovery([name])))
        }
        const settled = yield* followUp(engine, consumer, processed, others)
        return row === undefined ? nothingClaimed : ({ claimed: 1, settled, result: "cut" } satisfies Round)
      }),
      Withdrawn: () => Effect.succeed(withdrawn),
      NeedsRecovery: ({ isExclusive: wantsToBeAlone }) =>
        wantsToBeAlone
          ? recoveryRound(engine, consumer, request, true)
          : Effect.succeed<Round>({ ...nothingClaimed, claimed: 1, result: "cut" }),
      Contended: () => Effect.as(contentionPause, { claimed: 1, settled: 0, result: "cut" } satisfies Round),
      Lost: () => noteLostConnection(engine, consumer, 1),
      Failed: (failed) =>
        Effect.map(
          charge(engine, consumer, failed.rows[0] as Claimed, failed),
          (settled): Round => ({ claimed: 1, settled, result: "cut" })
        )
    })
  })

/** A batch whose connection ended is treated like one whose process did. */
export const noteLostConnection = (engine: Engine, { name }: Consumer, claimed: number) =>
  Effect.sync((): Round => {
    engine.recovery.lostConnections.add(name)
    return { claimed, settled: 0, result: "contended" }
  })

/** Tells everybody, once the database can be reached. */
export const reportLostConnection = Effect.fnUntraced(function* (engine: Engine, { name }: Consumer) {
  if (!engine.recovery.lostConnections.has(name)) return
  yield* withStatementTimeout(engine, "replicas.startRecovery", untraced(engine.replicas.startRecovery(name)))
  engine.recovery.lostConnections.delete(name)
  engine.recovery.recovering.add(name)
})
