/**
 * One round of a consumer: a transaction, and what follows when it was rolled back. A delivery that failed in company
 * is repeated alone, so that its failure is charged to nobody else.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { type Consumer, isLeased } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { handledClaimOf, isIsolated, rulesFor } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import { leasedRound } from "../leased/leasedRound.ts"
import { noteLostConnection, recoveryRound, reportLostConnection } from "../recovery/recoveryRound.ts"
import { recordBatch } from "../recovery/served.ts"
import { charge } from "../transactions/charge.ts"
import { contentionPause, followUp } from "../transactions/followUp.ts"
import { putBack } from "../transactions/putBack.ts"
import { type TransactionRequest, TransactionResult } from "../transactions/result.ts"
import { type Round, type RoundRequest, type RoundResult, withdrawn, withRulesOfNow } from "../transactions/round.ts"
import { runTransaction } from "../transactions/transaction.ts"

type Failed = Extract<TransactionResult, { _tag: "Failed" }>

/** Repeats one delivery in a transaction of its own. Returns how many were settled: none if somebody else has it. */
const repeatSingle = Effect.fnUntraced(function* (
  engine: Engine,
  round: Round,
  { deliveryId, eventId }: Claimed
): Effect.fn.Return<number, StoreError> {
  const { consumer, rules } = round
  for (let repeats = 1; !round.isStopping(); repeats++) {
    const wanted = { ...handledClaimOf(engine, { consumer, rules }, repeats), deliveryId, eventId }
    const claim = Effect.map(engine.inbox.claimOne(wanted), (row) => (row === undefined ? [] : [row]))
    const result = yield* runTransaction(engine, { round, claim, repeats })
    // Left to a recovery round, the next one.
    if (result._tag === "NeedsRecovery" || result._tag === "Withdrawn") return 0
    if (result._tag === "Lost") return (yield* noteLostConnection(engine, consumer, 1)).settled
    if (result._tag === "Committed") return yield* followUp(engine, consumer, result.processed, result.others)
    if (result._tag === "PutBack") return (yield* putBack(engine, round, result)).settled
    if (result._tag === "Failed") return yield* charge(engine, round, result.rows[0] as Claimed, result)
    yield* contentionPause
  }
  return 0
})

const repeatSingles = (engine: Engine, round: Round, rows: ReadonlyArray<Claimed>) =>
  Effect.reduce(
    rows,
    () => 0,
    (settled, row) => Effect.map(repeatSingle(engine, round, row), (more) => settled + more)
  )

/** Whether one of `candidates` comes after a delivery of its key that is none of them: that one has to be through first. */
const hasPredecessor = (rows: ReadonlyArray<Claimed>, candidates: ReadonlyArray<Claimed>) =>
  candidates.some((candidate) => {
    if (candidate.orderingKey === undefined) return false
    const first = rows.find((row) => row.orderingKey === candidate.orderingKey)
    return first !== undefined && !candidates.includes(first)
  })

/** Commits what comes before the candidates in order, so that they are next. Returns how many were settled. */
const clearTheWay = Effect.fnUntraced(function* (
  engine: Engine,
  request: TransactionRequest,
  candidates: ReadonlyArray<Claimed>
) {
  const avoided = new Set(candidates.map((row) => row.deliveryId))
  const before = yield* runTransaction(engine, { ...request, avoided })
  if (before._tag === "PutBack") return (yield* putBack(engine, request.round, before)).settled
  return before._tag === "Committed"
    ? yield* followUp(engine, request.round.consumer, before.processed, before.others)
    : 0
})

/** A batch of one has failed by itself; of a larger one, those that may have been the cause are repeated alone. */
const afterFailure = Effect.fnUntraced(function* (
  engine: Engine,
  request: TransactionRequest,
  failed: Failed
): Effect.fn.Return<RoundResult, StoreError> {
  const { candidates, rows } = failed
  const [first, second] = rows
  if (first !== undefined && second === undefined) {
    return { claimed: 1, settled: yield* charge(engine, request.round, first, failed), result: "failed" }
  }
  const before = hasPredecessor(rows, candidates) ? yield* clearTheWay(engine, request, candidates) : 0
  const settled = yield* repeatSingles(engine, request.round, candidates)
  return { claimed: rows.length, settled: before + settled, result: "failed" }
})

/** What follows from the transaction of a batch of up to `limit` deliveries. */
const afterBatch = (
  engine: Engine,
  request: TransactionRequest,
  limit: number,
  result: TransactionResult
): Effect.Effect<RoundResult, StoreError> => {
  const { round } = request
  const { consumer } = round
  return TransactionResult.$match(result, {
    Committed: ({ handledMillis, others, payloadSize, processed, rows: { length: claimed } }) =>
      Effect.map(
        followUp(engine, consumer, processed, others),
        (settled): RoundResult => ({
          claimed,
          settled,
          payloadSize,
          handledMillis,
          result: settled < claimed ? "cut" : claimed === limit ? "full" : "part"
        })
      ),
    Withdrawn: () => Effect.succeed(withdrawn),
    NeedsRecovery: () => {
      engine.recovery.recovering.add(consumer.name)
      return recoveryRound(engine, round)
    },
    Lost: ({ rows }) => noteLostConnection(engine, consumer, rows.length),
    Contended: ({ rows }) =>
      // Alone it cannot be made smaller: it is repeated until the others are through.
      Effect.map(
        rows.length === 1 ? repeatSingles(engine, round, rows) : Effect.succeed(0),
        (settled): RoundResult => ({ claimed: rows.length, settled, result: "contended" })
      ),
    PutBack: (result) => putBack(engine, round, result),
    Failed: (failed) => afterFailure(engine, request, failed)
  })
}

/** One transaction for up to `limit` deliveries, and what follows from it. */
const oneBatch = (engine: Engine, round: Round, limit: number): Effect.Effect<RoundResult, StoreError> =>
  Effect.gen(function* () {
    const { consumer, pipelining } = round
    const { lostConnections, recovering } = engine.recovery
    const isRecovering = lostConnections.has(consumer.name) || recovering.has(consumer.name)
    if (isRecovering && pipelining !== undefined && !(yield* pipelining.turn)) return withdrawn
    yield* reportLostConnection(engine, consumer)
    if (recovering.has(consumer.name)) return yield* recoveryRound(engine, round)
    yield* recordBatch(engine, consumer, limit)
    const claim = Effect.tap(engine.inbox.claim({ ...handledClaimOf(engine, round), limit }), (rows) =>
      rows.length < limit ? Effect.void : (round.onFull ?? Effect.void)
    )
    const request = { round, claim, repeats: 0 }
    const result = yield* runTransaction(engine, { ...request, pipelining })
    // A batch that is claimed already is not handled when nothing more is to be tried for a while.
    const goesOn = result._tag === "Committed" && result.others.every(({ coolsMillis }) => coolsMillis === undefined)
    if (pipelining !== undefined) yield* pipelining.ended(goesOn)
    return yield* afterBatch(engine, request, limit, result)
  })

/** Up to `limit` deliveries in transactions of one delivery each. */
const oneByOne = Effect.fnUntraced(function* (
  engine: Engine,
  round: Round,
  limit: number
): Effect.fn.Return<RoundResult, StoreError> {
  let settled = 0
  let handledMillis = 0
  for (let claimed = 0; claimed < limit && !(claimed > 0 && round.isStopping()); claimed++) {
    const one = yield* oneBatch(engine, yield* withRulesOfNow(engine, round), 1)
    settled += one.settled
    handledMillis += one.handledMillis ?? 0
    if (one.claimed === 0 || one.settled === 0) {
      return { claimed: claimed + one.claimed, settled, handledMillis, result: "part" }
    }
  }
  return { claimed: limit, settled, handledMillis, result: "full" }
})

/** Claims up to `limit` deliveries of a consumer and handles them, by the rules that are in force now. */
export const runRound = (
  engine: Engine,
  consumer: Consumer,
  limit: number,
  request: RoundRequest
): Effect.Effect<RoundResult, StoreError> =>
  // Also transactions themselves; handlers are traced again.
  untraced(
    Effect.flatMap(engine.settings.current, (settings) => {
      const round: Round = { ...request, consumer, rules: rulesFor(consumer, settings) }
      if (isLeased(consumer)) return leasedRound(engine, round)
      return isIsolated(engine, consumer) ? oneByOne(engine, round, limit) : oneBatch(engine, round, limit)
    })
  )
