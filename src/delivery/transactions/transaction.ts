/**
 * One transaction of a consumer: claim, handlers, settle, commit.
 *
 * Several deliveries run without savepoints; if one fails, everything is rolled back. A single one runs behind a
 * savepoint, so that its failure is charged in the same transaction and its row is never free in between.
 *
 * @internal
 */
import { Cause, Clock, Data, Effect, Exit } from "effect"
import { isConnectionLost, isContention } from "../../errors/sqlState.ts"
import type { StoreError } from "../../errors/store.ts"
import type { Consumer } from "../../model/Consumer.ts"
import { orderOf } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/delivery.ts"
import { isUnresponsive, type Liveness, withLivenessLimit } from "../../stores/unresponsive.ts"
import { idleMillisOf, rulesOf, timeoutOf } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import * as Handlers from "../handlers/handlers.ts"
import { settlementOf } from "../handlers/settlement.ts"
import { type Handled, runBatch } from "./batch.ts"
import { payloadSizeOf } from "./payloadSize.ts"
import { type TransactionRequest, TransactionResult, type Unprocessed } from "./result.ts"
import { chargesContention, Postponed, runInRecovery, runSingle } from "./single.ts"

/** Leaves the transaction, as the batch before was not committed. */
class Withdrawn extends Data.TaggedError("Withdrawn") {}

/** Lets what waits behind these deliveries go on, if it was parked. */
const unparkNext = (engine: Engine, consumer: Consumer, rows: ReadonlyArray<Claimed>) => {
  const onDeadLetter = orderOf(consumer)
  if (onDeadLetter === undefined) return Effect.void
  const keys = new Set(rows.flatMap((row) => (row.isParking === true ? (row.orderingKey ?? []) : [])))
  return Effect.asVoid(engine.inbox.unpark({ consumer: consumer.name, keys: [...keys], onDeadLetter }))
}

/** Writes what the handlers' outcomes mean. */
const settle = Effect.fnUntraced(function* (
  engine: Engine,
  request: TransactionRequest,
  rows: ReadonlyArray<Claimed>,
  handled: ReadonlyArray<Handled>,
  durationMillis: number
) {
  const rules = rulesOf(request.consumer, yield* engine.settings.current)
  const processed: Array<Claimed> = []
  const others: Array<Unprocessed> = []
  for (const [row, outcome] of handled) {
    if (outcome._tag === "Processed") processed.push(row)
    else others.push({ row, settlement: yield* settlementOf(row, outcome, rules, durationMillis) })
  }
  yield* untraced(engine.inbox.complete(processed.map((row) => row.deliveryId)))
  for (const { settlement } of others) yield* untraced(engine.inbox.settle(settlement))
  yield* untraced(unparkNext(engine, request.consumer, rows))
  return { processed, others }
})

/**
 * Runs one transaction. Fails with `StoreError`, or dies, only when nothing was claimed: then it is not about a
 * delivery.
 */
export const runTransaction = (
  engine: Engine,
  request: TransactionRequest
): Effect.Effect<TransactionResult, StoreError> =>
  Effect.gen(function* () {
    const outer = yield* Effect.context<never>()
    const settings = yield* engine.settings.current
    const timeoutMillis = timeoutOf(request.consumer, settings)
    const clock = yield* Clock.Clock
    let rows: ReadonlyArray<Claimed> = []
    let payloadSize = 0
    let startedAt = clock.currentTimeMillisUnsafe()
    const elapsed = () => Math.max(0, clock.currentTimeMillisUnsafe() - startedAt)
    const liveness: Liveness = { last: startedAt }
    const transaction = Effect.gen(function* () {
      rows = yield* untraced(request.claim)
      if (request.pipelining !== undefined && !(yield* request.pipelining.turn)) return yield* new Withdrawn()
      startedAt = clock.currentTimeMillisUnsafe()
      liveness.last = startedAt
      const [first, second] = rows
      if (first === undefined) return { processed: [], others: [] }
      payloadSize = payloadSizeOf(rows)
      if (second === undefined) {
        const run = runSingle(engine, request, first, outer, timeoutMillis)
        const handled = yield* first.recovery?.isSuspect === true ? runInRecovery(engine, request, first, run) : run
        return yield* settle(engine, request, rows, handled, elapsed())
      }
      const { avoided, consumer, isStopping } = request
      const handlers = Handlers.make(engine, consumer, outer, yield* Effect.context<never>())
      const batch = { consumer, rows, isStopping, avoided, timeoutMillis, liveness }
      const handled = yield* runBatch(engine, batch, handlers)
      if (request.pipelining !== undefined) yield* request.pipelining.handled(handled.length, payloadSize)
      return yield* settle(engine, request, rows, handled, elapsed())
    })
    const exit = yield* Effect.exit(
      engine.permits.withPermit(request.consumer.name)(
        engine.capabilities.lockTimeout
          ? withLivenessLimit(
              (abort) => engine.transactor.abortableTransaction(transaction, abort),
              liveness,
              idleMillisOf(request.consumer, settings),
              settings
            )
          : engine.transactor.withTransaction(transaction)
      )
    )
    if (Exit.isSuccess(exit)) return TransactionResult.Committed({ rows, payloadSize, ...exit.value })
    const left = exit.cause.reasons.find(Cause.isFailReason)?.error
    if (left instanceof Withdrawn) return TransactionResult.Withdrawn()
    if (rows.length === 0) return yield* Effect.failCause(exit.cause as Cause.Cause<StoreError>)
    if (left instanceof Postponed) return TransactionResult.NeedsRecovery({ isExclusive: left.isExclusive })
    const abandoned = left instanceof Handlers.Abandoned ? left : undefined
    const isAbandoned = abandoned !== undefined
    const cause = abandoned?.cause ?? exit.cause
    // A failure of the handler's own connections left the transaction in good order.
    if (!isAbandoned && (isConnectionLost(cause) || isUnresponsive(cause))) return TransactionResult.Lost({ rows })
    if (isContention(cause) && !(chargesContention(request) && rows.length === 1))
      return TransactionResult.Contended({ rows })
    return TransactionResult.Failed({
      rows,
      candidates: isAbandoned ? abandoned.candidates : rows,
      cause,
      durationMillis: elapsed()
    })
  })
