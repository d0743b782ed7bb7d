/**
 * One transaction of a consumer: claim, handlers, settle, commit.
 *
 * Several deliveries run without savepoints; if one fails, everything is rolled back. A single one runs behind a
 * savepoint, so that its failure is charged in the same transaction and its row is never free in between.
 *
 * @internal
 */
import { Clock, type Context, Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { repeatAlone } from "../../stores/contention.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { missedMarks } from "../../stores/missedMarks.ts"
import { steadyMillisUnsafe } from "../../stores/steadyMillis.ts"
import { type Liveness, withLivenessLimit } from "../../stores/unresponsive.ts"
import { operation } from "../../telemetry/conventions.ts"
import type { RollbackReason } from "../../telemetry/meters.ts"
import { timed } from "../../telemetry/timed.ts"
import { type Engine, untraced } from "../engine.ts"
import * as Handlers from "../handlers/handlers.ts"
import { type Handled, runBatch } from "./batch.ts"
import { inTurn } from "./inTurn.ts"
import { inOperationSpan } from "./operationSpan.ts"
import { payloadSizeOf } from "./payloadSize.ts"
import { type Settled, type TransactionRequest, type TransactionResult, type Unprocessed, Withdrawn } from "./result.ts"
import { resultOf } from "./resultOf.ts"
import { chargesContention, runSingle } from "./single.ts"
import { select } from "./suspects.ts"
import { unparkNext } from "./unparkNext.ts"
import { unprocessed } from "./unprocessed.ts"

/** How far a transaction has come: what is known of it also when it fails. */
interface Progress {
  rows: ReadonlyArray<Claimed>
  payloadSize: number
  handledMillis: number
  startedAt: number
  readonly liveness: Liveness
}

/** Hands deliveries to their handlers: several in a batch, a single one behind a savepoint. */
const run = Effect.fnUntraced(function* (
  engine: Engine,
  request: TransactionRequest,
  outer: Context.Context<never>,
  { liveness, payloadSize, rows }: Progress
) {
  const { avoided, pipelining, round } = request
  const [first, second] = rows
  if (first === undefined) return []
  if (second === undefined) return yield* runSingle(engine, request, first, outer)
  const handlers = Handlers.make(engine, round.consumer, outer, yield* Effect.context<never>())
  const handled = yield* runBatch(engine, { round, rows, avoided, liveness }, handlers)
  if (pipelining !== undefined) yield* pipelining.handled(handled.length, payloadSize)
  return handled
})

/** Handles what is to be handled now of the claimed deliveries; the others are free again when the transaction ends. */
const handle = Effect.fnUntraced(function* (
  engine: Engine,
  request: TransactionRequest,
  outer: Context.Context<never>,
  progress: Progress
) {
  const { charged, erase, rows } = yield* select(engine, request, progress.rows)
  progress.rows = rows
  progress.payloadSize = payloadSizeOf(rows)
  const handled = charged ?? (yield* run(engine, request, outer, progress))
  yield* erase
  return handled
})

/** Writes what the handlers' outcomes mean: all of it, or the transaction fails. */
const settle = Effect.fnUntraced(function* (
  engine: Engine,
  { round }: TransactionRequest,
  rows: ReadonlyArray<Claimed>,
  handled: ReadonlyArray<Handled>,
  durationMillis: number
): Effect.fn.Return<Settled, StoreError> {
  const processed: Array<Claimed> = []
  const others: Array<Unprocessed> = []
  for (const [row, outcome] of handled) {
    if (outcome._tag === "Processed") processed.push(row)
    else others.push(yield* unprocessed(row, outcome, round.rules.retry, durationMillis))
  }
  yield* untraced(engine.inbox.complete(processed))
  for (const { settlement } of others) {
    const isSettled = yield* untraced(engine.inbox.settle(settlement))
    if (!isSettled) return yield* missedMarks("inbox.settle", 1, 0)
  }
  yield* untraced(unparkNext(engine, round, rows))
  return { processed, others }
})

/** Opens the transaction, and closes its connection when it shows no sign of life for too long. */
const within = <E>(
  engine: Engine,
  { round: { consumer, rules } }: TransactionRequest,
  liveness: Liveness,
  work: Effect.Effect<Settled, E>
) =>
  inTurn(
    engine,
    consumer
  )(
    engine.capabilities.lockTimeout
      ? withLivenessLimit(
          (abort) => engine.transactor.abortableTransaction(work, abort),
          liveness,
          rules.idleMillis,
          rules
        )
      : engine.transactor.withTransaction(work)
  )

/** Why a transaction was rolled back, if it was for a reason that counts. */
const rollbackReasons = {
  Failed: "handler",
  Contended: "contention",
  Lost: "connection",
  PutBack: "snoozed"
} as const satisfies Partial<Record<TransactionResult["_tag"], RollbackReason>>

const isCounted = (tag: TransactionResult["_tag"]): tag is keyof typeof rollbackReasons => tag in rollbackReasons

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
    const clock = yield* Clock.Clock
    const now = () => steadyMillisUnsafe(clock)
    const { meters } = engine.telemetry
    const consumer = request.round.consumer.name
    const ofConsumer = meters.consumer(consumer)
    const begun = now()
    const progress: Progress = {
      rows: [],
      payloadSize: 0,
      handledMillis: 0,
      startedAt: begun,
      liveness: { last: begun }
    }
    const elapsed = () => Math.max(0, now() - progress.startedAt)
    const work = Effect.gen(function* () {
      const claim = inOperationSpan(engine, operation.claim, consumer, untraced(request.claim))
      progress.rows = yield* timed(meters.claim, now, claim)
      if (request.pipelining !== undefined && !(yield* request.pipelining.turn)) return yield* new Withdrawn()
      if (progress.rows.length > 0) ofConsumer.batchSize.record(progress.rows.length)
      progress.startedAt = progress.liveness.last = now()
      const handled = yield* handle(engine, request, outer, progress)
      progress.handledMillis = elapsed()
      if (progress.rows.length === 0) return { processed: [], others: [] }
      const settling = settle(engine, request, progress.rows, handled, progress.handledMillis)
      return yield* timed(meters.settle, now, inOperationSpan(engine, operation.settle, consumer, settling))
    })
    const hasClaimed = Effect.sync(() => progress.rows.length > 0)
    const transaction = within(engine, request, progress.liveness, work)
    const exit = yield* Effect.exit(repeatAlone(hasClaimed)(transaction))
    const { handledMillis, payloadSize, rows } = progress
    const result = yield* resultOf(exit, {
      rows,
      payloadSize,
      handledMillis,
      durationMillis: elapsed(),
      chargesContention: chargesContention(request)
    })
    if (isCounted(result._tag)) ofConsumer.rollbacks(rollbackReasons[result._tag]).count++
    return result
  })
