/**
 * One round of a consumer: a transaction, and what follows when it was rolled back. A delivery that failed in company
 * is repeated alone, so that its failure is charged to nobody else.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/store.ts"
import { type Consumer, isLeased } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/delivery.ts"
import { handledClaimOf } from "../consumerRules.ts"
import type { Engine } from "../engine.ts"
import { leasedRound } from "../leased/leasedRound.ts"
import { noteLostConnection, recoveryRound, reportLostConnection } from "../recovery/recoveryRound.ts"
import { recordBatch } from "../recovery/served.ts"
import { charge, contentionPause, followUp } from "../transactions/followUp.ts"
import { TransactionResult } from "../transactions/result.ts"
import { type Round, type RoundRequest, withdrawn } from "../transactions/round.ts"
import { runTransaction } from "../transactions/transaction.ts"

/** Repeats one delivery in a transaction of its own. Returns how many were settled: none if somebody else has it. */
const alone = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  deliveryId: string,
  isStopping: () => boolean
): Effect.fn.Return<number, StoreError> {
  for (let repeats = 1; !isStopping(); repeats++) {
    const wanted = { ...(yield* handledClaimOf(engine, consumer, { repeats })), deliveryId }
    const claim = Effect.map(engine.inbox.claimOne(wanted), (row) => (row === undefined ? [] : [row]))
    const request = { consumer, claim, isStopping, repeats }
    const result = yield* runTransaction(engine, request)
    // Left to a recovery round, the next one.
    if (result._tag === "NeedsRecovery" || result._tag === "Withdrawn") return 0
    if (result._tag === "Lost") return (yield* noteLostConnection(engine, consumer, 1)).settled
    if (result._tag === "Committed") return yield* followUp(engine, consumer, result.processed, result.others)
    if (result._tag === "Failed") return yield* charge(engine, consumer, result.rows[0] as Claimed, result)
    yield* contentionPause
  }
  return 0
})

const eachAlone = (engine: Engine, consumer: Consumer, rows: ReadonlyArray<Claimed>, isStopping: () => boolean) =>
  Effect.reduce(
    rows,
    () => 0,
    (settled, row) => Effect.map(alone(engine, consumer, row.deliveryId, isStopping), (more) => settled + more)
  )

/** Whether one of `candidates` comes after a delivery of its key that is none: that one has to be through first. */
const hasPredecessor = (rows: ReadonlyArray<Claimed>, candidates: ReadonlyArray<Claimed>) =>
  candidates.some((candidate) => {
    if (candidate.orderingKey === undefined) return false
    const first = rows.find((row) => row.orderingKey === candidate.orderingKey)
    return first !== undefined && !candidates.includes(first)
  })

/** One transaction for up to `limit` deliveries, and what follows from it. */
const oneBatch = (
  engine: Engine,
  consumer: Consumer,
  limit: number,
  roundRequest: RoundRequest
): Effect.Effect<Round, StoreError> =>
  Effect.gen(function* () {
    const { pipelining } = roundRequest
    const isRecovering =
      engine.recovery.lostConnections.has(consumer.name) || engine.recovery.recovering.has(consumer.name)
    if (isRecovering && pipelining !== undefined && !(yield* pipelining.turn)) return withdrawn
    yield* reportLostConnection(engine, consumer)
    if (engine.recovery.recovering.has(consumer.name)) return yield* recoveryRound(engine, consumer, roundRequest)
    yield* recordBatch(engine, consumer, limit)
    const { isStopping, maxPosition } = roundRequest
    const claim = engine.inbox.claim({ ...(yield* handledClaimOf(engine, consumer, { maxPosition })), limit })
    const request = { consumer, claim, isStopping, repeats: 0 }
    const result = yield* runTransaction(engine, { ...request, pipelining })
    if (pipelining !== undefined) yield* pipelining.ended(result._tag === "Committed")
    /** Commits what comes before the candidates in order, so that they are next. */
    const clearTheWay = Effect.fnUntraced(function* (candidates: ReadonlyArray<Claimed>) {
      const avoided = new Set(candidates.map((row) => row.deliveryId))
      const before = yield* runTransaction(engine, { ...request, avoided })
      return before._tag === "Committed" ? yield* followUp(engine, consumer, before.processed, before.others) : 0
    })
    return yield* TransactionResult.$match(result, {
      Committed: ({ others, processed, rows, payloadSize }) =>
        Effect.map(
          followUp(engine, consumer, processed, others),
          (settled): Round => ({
            claimed: rows.length,
            settled,
            payloadSize,
            result: settled < rows.length ? "cut" : rows.length === limit ? "full" : "part"
          })
        ),
      Withdrawn: () => Effect.succeed(withdrawn),
      NeedsRecovery: () => {
        engine.recovery.recovering.add(consumer.name)
        return recoveryRound(engine, consumer, roundRequest)
      },
      Lost: ({ rows }) => noteLostConnection(engine, consumer, rows.length),
      Contended: ({ rows }) =>
        // Alone it cannot be made smaller: it is repeated until the others are through.
        Effect.map(
          rows.length === 1 ? eachAlone(engine, consumer, rows, isStopping) : Effect.succeed(0),
          (settled): Round => ({ claimed: rows.length, settled, result: "contended" })
        ),
      Failed: Effect.fnUntraced(function* (failed) {
        const { rows, candidates } = failed
        const [first, second] = rows
        if (first !== undefined && second === undefined) {
          const settled = yield* charge(engine, consumer, first, failed)
          return { claimed: 1, settled, result: "failed" } satisfies Round
        }
        const before = hasPredecessor(rows, candidates) ? yield* clearTheWay(candidates) : 0
        const settled = yield* eachAlone(engine, consumer, candidates, isStopping)
        return { claimed: rows.length, settled: before + settled, result: "failed" } satisfies Round
      })
    })
  })

/** The same in transactions of one delivery each. */
const isolated = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  limit: number,
  roundRequest: RoundRequest
): Effect.fn.Return<Round, StoreError> {
  let settled = 0
  for (let claimed = 0; claimed < limit && !(claimed > 0 && roundRequest.isStopping()); claimed++) {
    const one = yield* oneBatch(engine, consumer, 1, roundRequest)
    settled += one.settled
    if (one.claimed === 0 || one.settled === 0) return { claimed: claimed + one.claimed, settled, result: "part" }
  }
  return { claimed: limit, settled, result: "full" }
})

/**
 * Claims up to `limit` deliveries of a consumer and handles them.
 *
 * @param roundRequest.maxPosition - only events up to this position
 */
export const runRound = (
  engine: Engine,
  consumer: Consumer,
  limit: number,
  roundRequest: RoundRequest
): Effect.Effect<Round, StoreError> =>
  isLeased(consumer)
    ? leasedRound(engine, consumer, roundRequest)
    : engine.isIsolated && !engine.registry.isBatched(consumer.name)
      ? isolated(engine, consumer, limit, roundRequest)
      : oneBatch(engine, consumer, limit, roundRequest)
