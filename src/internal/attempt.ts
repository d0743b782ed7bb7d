/**
 * One transaction of a consumer: claim, handlers, settle, commit.
 *
 * Several deliveries run without savepoints; if one fails, everything is rolled back. A single one runs behind a
 * savepoint, so that its failure is charged in the same transaction and its row is never free in between.
 *
 * @internal
 */
import { Cause, Clock, Context, Data, Effect, Exit, Option } from "effect"
import type { Consumer } from "../Consumer.ts"
import { HandlerTimeout, type StoreError, TransactionAborted } from "../Errors.ts"
import type { Claimed, Verdict } from "../InboxStore.ts"
import type { Subscriber } from "../Subscriber.ts"
import { deliver, type Outcome } from "./deliver.ts"
import { added } from "./deliveryContext.ts"
import { type Engine, rulesOf, timeoutOf, untraced } from "./engine.ts"
import { isAborted, isContention } from "./failure.ts"
import { failure, verdictOf } from "./verdict.ts"
import { type Progress, watch } from "./watch.ts"

/** A delivery that was not processed, and what was written about it. */
export interface Judged {
  readonly row: Claimed
  readonly verdict: Verdict
}

/** What a transaction did. */
export type Attempt = Data.TaggedEnum<{
  /** Committed: `claimed` rows were taken, these were processed, the others skipped, put off or given up. */
  Committed: {
    readonly claimed: number
    readonly processed: ReadonlyArray<Claimed>
    readonly others: ReadonlyArray<Judged>
  }
  /** Rolled back because transactions stood in each other's way. Nobody is charged. */
  Contended: { readonly rows: ReadonlyArray<Claimed> }
  /** Rolled back because of one delivery, or of one that cannot be told (`culprit` is undefined: at COMMIT). */
  Failed: {
    readonly rows: ReadonlyArray<Claimed>
    readonly culprit: Claimed | undefined
    readonly cause: Cause.Cause<unknown>
  }
}>

export const Attempt = Data.taggedEnum<Attempt>()

/** Leaves the transaction, rolling it back. */
class Abandoned extends Data.TaggedError("Abandoned")<{
  readonly culprit: Claimed
  readonly cause: Cause.Cause<unknown>
}> {}

/** Rolls back the savepoint of a single delivery. */
class Undone extends Data.TaggedError("Undone")<{ readonly outcome: Outcome }> {}

export interface Request {
  readonly consumer: Consumer
  readonly claim: Effect.Effect<ReadonlyArray<Claimed>, StoreError>
  /** Whether a worker is being stopped: no further delivery is begun. */
  readonly isStopping: () => boolean
  /** How often this delivery has been repeated because other transactions stood in its way. */
  readonly repeats: number
}

/** How long a statement of a batch may wait for a lock, in milliseconds, before the batch gives way. */
const batchLockWait = 20

/** Times a single delivery is repeated when other transactions stand in its way, before that counts as its failure. */
const maxRepeats = 10

/**
 * The same for a single delivery: twice as long with every repeat, then as long as the database lets it. Two handlers
 * that lock the same rows in opposite order would else wait for PostgreSQL's deadlock check, a second each time.
 */
const singleLockWait = (repeats: number) => (repeats < 5 ? 50 * 2 ** repeats : undefined)

const chargesContention = (request: Request) => request.repeats >= maxRepeats

/** Runs one delivery with its handler's own services and what the transaction brought. */
type RunOne = (row: Claimed) => Effect.Effect<Outcome | undefined>

/**
 * @param outer - the context before the transaction was opened
 * @param inner - the context in the transaction
 */
const makeRunOne = (
  engine: Engine,
  request: Request,
  outer: Context.Context<never>,
  inner: Context.Context<never>
): RunOne => {
  const brought = added(outer, inner)
  const contexts = new Map<Subscriber, Context.Context<never>>()
  const contextOf = (subscriber: Subscriber) => {
    const known = contexts.get(subscriber)
    if (known !== undefined) return known
    const context = Context.merge(Context.merge(outer, subscriber.context), brought)
    contexts.set(subscriber, context)
    return context
  }
  return (row) => {
    const subscriber = engine.registry.handlerFor(request.consumer.name, row.eventName)
    // The subscriber was removed after the claim: the delivery waits for somebody who has it.
    return subscriber === undefined ? Effect.undefined : deliver(subscriber, row, contextOf(subscriber))
  }
}

const overdue = (engine: Engine, consumer: Consumer, row: Claimed, timeoutMillis: number) =>
  Cause.fail(
    new HandlerTimeout({
      consumer: consumer.name,
      eventName: row.eventName,
      timeoutMillis,
      singleSession: engine.capabilities.singleSession
    })
  )

/** Handlers of a batch, one after the other, until one fails, time is up, or the worker is being stopped. */
const runBatch = Effect.fnUntraced(function* (
  engine: Engine,
  request: Request,
  rows: ReadonlyArray<Claimed>,
  runOne: RunOne,
  timeoutMillis: number
) {
  const clock = yield* Clock.Clock
  const openedAt = clock.currentTimeMillisUnsafe()
  let current = rows[0] as Claimed
  const work = Effect.fnUntraced(function* (progress: Progress) {
    const handled: Array<readonly [Claimed, Outcome]> = []
    for (const row of rows) {
      const now = clock.currentTimeMillisUnsafe()
      if (handled.length > 0 && (now - openedAt > engine.maxBatchMillis || request.isStopping())) break
      current = row
      progress.startedAt = now
      const outcome = yield* runOne(row)
      if (outcome === undefined) continue
      if (outcome._tag === "Failed") return yield* new Abandoned({ culprit: row, cause: outcome.cause })
      handled.push([row, outcome])
    }
    return handled
  })
  const handled = yield* watch(work, timeoutMillis)
  return Option.isSome(handled)
    ? handled.value
    : yield* new Abandoned({ culprit: current, cause: overdue(engine, request.consumer, current, timeoutMillis) })
})

/** Whether a handler went on after a failed statement: then even the check of constraints is refused. */
const constraintFailure = (consumer: Consumer, row: Claimed, cause: Cause.Cause<unknown>): Outcome =>
  failure(
    isAborted(cause) ? Cause.fail(new TransactionAborted({ consumer: consumer.name, eventName: row.eventName })) : cause
  )

/** A single delivery behind a savepoint. Leaves the transaction only for what cannot be undone by it. */
const runSingle = Effect.fnUntraced(function* (
  engine: Engine,
  request: Request,
  row: Claimed,
  outer: Context.Context<never>,
  timeoutMillis: number
) {
  const { checkConstraints, withTransaction } = engine.transactor
  const handled = yield* Effect.gen(function* () {
    const runOne = makeRunOne(engine, request, outer, yield* Effect.context<never>())
    const result = yield* watch(() => runOne(row), timeoutMillis)
    if (Option.isNone(result)) {
      return yield* new Abandoned({ culprit: row, cause: overdue(engine, request.consumer, row, timeoutMillis) })
    }
    const outcome = result.value
    if (outcome?._tag === "Failed") return yield* new Undone({ outcome })
    const checked = yield* Effect.exit(untraced(checkConstraints))
    if (Exit.isFailure(checked)) {
      return yield* new Undone({ outcome: constraintFailure(request.consumer, row, checked.cause) })
    }
    return outcome
  }).pipe(
    withTransaction,
    Effect.catchTag("Undone", ({ outcome }) => Effect.succeed(outcome))
  )
  if (handled?._tag === "Failed" && isContention(handled.cause) && !chargesContention(request)) {
    return yield* new Abandoned({ culprit: row, cause: handled.cause })
  }
  return handled === undefined ? [] : [[row, handled] as const]
})

/** Writes what the handlers' outcomes mean. */
const settle = Effect.fnUntraced(function* (
  engine: Engine,
  request: Request,
  handled: ReadonlyArray<readonly [Claimed, Outcome]>
) {
  const rules = rulesOf(request.consumer, yield* engine.settings.current)
  const processed: Array<Claimed> = []
  const others: Array<Judged> = []
  for (const [row, outcome] of handled) {
    if (outcome._tag === "Processed") processed.push(row)
    else others.push({ row, verdict: yield* verdictOf(row, outcome, rules) })
  }
  yield* untraced(engine.inbox.complete(processed.map((row) => row.deliveryId)))
  for (const { verdict } of others) yield* untraced(engine.inbox.settle(verdict))
  return { processed, others }
})

/**
 * Runs one transaction. Fails with `StoreError`, or dies, only when nothing was claimed: then it is not about a
 * delivery.
 */
export const attempt = (engine: Engine, request: Request): Effect.Effect<Attempt, StoreError> =>
  Effect.gen(function* () {
    const outer = yield* Effect.context<never>()
    const settings = yield* engine.settings.current
    const timeoutMillis = timeoutOf(request.consumer, settings)
    let rows: ReadonlyArray<Claimed> = []
    const transaction = Effect.gen(function* () {
      rows = yield* untraced(request.claim)
      const [first, second] = rows
      if (first === undefined) return { processed: [], others: [] }
      const lockWait = second === undefined ? singleLockWait(request.repeats) : batchLockWait
      if (lockWait !== undefined) yield* untraced(engine.transactor.limitLockWait(lockWait))
      if (second === undefined) {
        return yield* settle(engine, request, yield* runSingle(engine, request, first, outer, timeoutMillis))
      }
      const runOne = makeRunOne(engine, request, outer, yield* Effect.context<never>())
      return yield* settle(engine, request, yield* runBatch(engine, request, rows, runOne, timeoutMillis))
    })
    const exit = yield* Effect.exit(
      engine.permits.withPermit(request.consumer.name)(engine.transactor.withTransaction(transaction))
    )
    if (Exit.isSuccess(exit)) return Attempt.Committed({ claimed: rows.length, ...exit.value })
    const abandoned = exit.cause.reasons.find(Cause.isFailReason)?.error
    const culprit = abandoned instanceof Abandoned ? abandoned.culprit : undefined
    const cause = abandoned instanceof Abandoned ? abandoned.cause : exit.cause
    if (rows.length === 0) return yield* Effect.failCause(exit.cause as Cause.Cause<StoreError>)
    if (isContention(cause) && !(chargesContention(request) && rows.length === 1)) return Attempt.Contended({ rows })
    return Attempt.Failed({ rows, culprit: rows.length === 1 ? rows[0] : culprit, cause })
  })
