/**
 * Rounds of a leased consumer, for effects outside the database: one delivery each, handled outside of any transaction.
 *
 * Its attempt is counted when it is claimed, so one that ends its process is charged. Settling repeats the token of the
 * lease: whoever lost it changes nothing.
 *
 * @internal
 */
import { type Cause, Deferred, Effect, Exit, Option } from "effect"
import { LeaseLost } from "../../errors/handler.ts"
import { isConnectionLost, isContention } from "../../errors/sqlState.ts"
import type { StoreError } from "../../errors/store.ts"
import type { Consumer } from "../../model/Consumer.ts"
import { orderOf } from "../../model/Consumer.ts"
import { CurrentWrites, type DeferredWrites } from "../../stores/deferredWrites.ts"
import type { Claimed, Leased, Settlement } from "../../stores/delivery.ts"
import { isUnresponsive, withLivenessLimit, withStatementTimeout } from "../../stores/unresponsive.ts"
import { claimOf, type Rules, rulesOf, timeoutOf } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import * as Handlers from "../handlers/handlers.ts"
import { withHandlerTimeout } from "../handlers/handlerTimeout.ts"
import { crashedOutcome, failedOutcome, type Outcome } from "../handlers/outcome.ts"
import { deliver } from "../handlers/runHandler.ts"
import { settlementOf } from "../handlers/settlement.ts"
import { followUp } from "../transactions/followUp.ts"
import type { Unprocessed } from "../transactions/result.ts"
import { nothingClaimed, type Round, type RoundRequest } from "../transactions/round.ts"

/** Leases that ran out, settled in one transaction. */
const expiredLimit = 100

/**
 * Whether an attempt that may end its process is the last one a delivery has: it runs while no other leased attempt does
 * in this process, so that others, which may have ended only because it did, do not end with it again.
 */
const needsSolitude = (row: Claimed, { maxAttempts }: Rules) =>
  row.recovery?.hasCrashed === true && row.attemptCount >= maxAttempts - 1

/** Claims one delivery, counting its attempt; `solitude`: it is there, but may not run beside others. */
const take = Effect.fnUntraced(function* (engine: Engine, consumer: Consumer, request: RoundRequest, isAlone: boolean) {
  const settings = yield* engine.settings.current
  const rules = rulesOf(consumer, settings)
  const claim = { ...(yield* claimOf(engine, consumer, request.maxPosition)), limit: 1 }
  const transaction = Effect.gen(function* () {
    const [row] = yield* engine.inbox.claim(claim)
    // The subscriber may have been removed after the claim: it waits for somebody who has it.
    if (row === undefined || engine.registry.handlerFor(consumer.name, row.eventName) === undefined) return undefined
    if (!isAlone && needsSolitude(row, rules)) return "solitude" as const
    const leased: Leased = { ...row, token: yield* engine.inbox.lease(row.deliveryId, settings.processingLeaseMs) }
    return leased
  })
  return yield* engine.permits.withPermit(consumer.name)(short(engine, untraced(transaction)))
})

/** A transaction of statements of our own. */
const short = <A, E, R>(engine: Engine, transaction: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { abortableTransaction, limitIdle, withTransaction } = engine.transactor
    if (!engine.capabilities.lockTimeout) return yield* withTransaction(transaction)
    const settings = yield* engine.settings.current
    const liveness = { last: yield* engine.now }
    const limited = Effect.andThen(untraced(limitIdle(settings.processingLeaseMs)), transaction)
    return yield* withLivenessLimit((abort) => abortableTransaction(limited, abort), liveness, 0, settings)
  })

/**
 * Lets what waits behind these deliveries go on. A lease does not hold its key: who is just parking behind it is waited
 * for, since neither would else see the other.
 */
const unparkNext = (engine: Engine, consumer: Consumer, rows: ReadonlyArray<Claimed>) => {
  const onDeadLetter = orderOf(consumer)
  const keys = [...new Set(rows.flatMap((row) => row.orderingKey ?? []))]
  return onDeadLetter === undefined
    ? Effect.void
    : Effect.asVoid(engine.inbox.unpark({ consumer: consumer.name, keys, onDeadLetter, waits: true }))
}

/** Writes what became of a delivery, with what its handler collected. Returns whether the lease still held. */
const settle = (
  engine: Engine,
  consumer: Consumer,
  row: Leased,
  settlement: Settlement,
  deferred: DeferredWrites
): Effect.Effect<boolean, unknown> =>
  short(
    engine,
    untraced(
      Effect.gen(function* () {
        const isHeld = yield* engine.inbox.settleLease(settlement, row.token)
        if (!isHeld) return false
        for (const write of deferred) yield* write
        yield* unparkNext(engine, consumer, [row])
        return true
      })
    )
  )

/** What is gone by itself when it is repeated: the database cannot be reached, or somebody stands in the way. */
const isPassing = (cause: Cause.Cause<unknown>) =>
  isConnectionLost(cause) || isContention(cause) || isUnresponsive(cause)

/**
 * The same, as long as the database is away: the handler has run, and its effects cannot be taken back. What the
 * database refuses of what was collected is the handler's failure.
 */
const persist = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  row: Leased,
  outcome: Outcome,
  deferred: DeferredWrites,
  durationMillis: number
) {
  const rules = rulesOf(consumer, yield* engine.settings.current)
  const insist = (settlement: Settlement, writes: DeferredWrites) =>
    engine.incident.survive(
      Effect.flatMap(Effect.exit(settle(engine, consumer, row, settlement, writes)), (exit) =>
        Exit.isFailure(exit) && isPassing(exit.cause) ? Effect.failCause(exit.cause) : Effect.succeed(exit)
      )
    )
  const settlement = yield* settlementOf(row, outcome, rules, durationMillis)
  const exit = yield* insist(settlement, outcome._tag === "Failed" ? [] : deferred)
  if (Exit.isSuccess(exit)) return { settlement, isHeld: exit.value }
  const refused = yield* settlementOf(row, failedOutcome(exit.cause), rules, durationMillis)
  const charged = yield* insist(refused, [])
  return { settlement: refused, isHeld: Exit.isSuccess(charged) && charged.value }
})

/** Runs the handler; its own failures are data. */
const handle = Effect.fnUntraced(function* (engine: Engine, consumer: Consumer, row: Leased, deferred: DeferredWrites) {
  const timeoutMillis = timeoutOf(consumer, yield* engine.settings.current)
  const outer = yield* Effect.context<never>()
  return yield* Effect.gen(function* () {
    const handlers = Handlers.make(engine, consumer, outer, yield* Effect.context<never>())
    const subscriber = handlers.of(row)
    if (subscriber === undefined) return undefined
    const result = yield* withHandlerTimeout(
      () => deliver(subscriber, row, handlers.contextOf(subscriber)),
      timeoutMillis
    )
    return Option.isSome(result)
      ? result.value
      : failedOutcome(Handlers.timedOut(engine, consumer, [row], timeoutMillis).cause)
  }).pipe(Effect.provideService(CurrentWrites, deferred))
})

/** From the claim to the mark. */
const run = (engine: Engine, consumer: Consumer, row: Leased) =>
  Effect.acquireUseRelease(
    engine.leases.track(row.deliveryId, row.token),
    (lost) => runTracked(engine, consumer, row, lost),
    () => engine.leases.untrack(row.deliveryId, row.token)
  )

const runTracked = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  row: Leased,
  lost: Deferred.Deferred<void>
) {
  const deferred: DeferredWrites = []
  const givenBack = untraced(engine.inbox.giveBack(row.deliveryId, row.token))
  const giveBack = Effect.ignore(withStatementTimeout(engine, "inbox.giveBack", givenBack))
  const startedAt = yield* engine.now
  const outcome = yield* handle(engine, consumer, row, deferred).pipe(
    Effect.raceFirst(Effect.as(Deferred.await(lost), "lost" as const)),
    Effect.onInterrupt(() => giveBack)
  )
  if (outcome === undefined) {
    yield* giveBack
    return 0
  }
  const durationMillis = Math.max(0, (yield* engine.now) - startedAt)
  const { isHeld, settlement } =
    outcome === "lost"
      ? { isHeld: false, settlement: undefined }
      : yield* persist(engine, consumer, row, outcome, deferred, durationMillis)
  if (!isHeld || settlement === undefined) {
    yield* Effect.logWarning(new LeaseLost({ consumer: consumer.name, eventName: row.eventName }).message)
    return 0
  }
  return settlement.status === "processed"
    ? yield* followUp(engine, consumer, [row], [])
    : yield* followUp(engine, consumer, [], [{ row, settlement }])
})

/** Charges attempts whose lease ran out: their process, or its connection to the database, has ended. */
export const expire = Effect.fnUntraced(function* (engine: Engine, consumer: Consumer) {
  const settings = yield* engine.settings.current
  const rules = rulesOf(consumer, settings)
  const transaction = Effect.gen(function* () {
    const rows = yield* engine.inbox.expired(consumer.name, expiredLimit)
    const unprocessed: Array<Unprocessed> = []
    for (const row of rows) {
      const settlement = yield* settlementOf(row, crashedOutcome(consumer, row, settings.processingLeaseMs), rules, 0)
      if (yield* engine.inbox.settleLease(settlement, row.token)) unprocessed.push({ row, settlement })
    }
    yield* unparkNext(engine, consumer, rows)
    return unprocessed
  })
  const unprocessed = yield* short(engine, untraced(transaction))
  return yield* followUp(engine, consumer, [], unprocessed)
})

/** One delivery, or the end of leases that ran out. */
export const leasedRound = (
  engine: Engine,
  consumer: Consumer,
  request: RoundRequest
): Effect.Effect<Round, StoreError> =>
  Effect.gen(function* () {
    const done = (settled: number): Round => ({ claimed: 1, settled, result: "cut" })
    const beside = (row: Leased) => engine.recovery.beside(run(engine, consumer, row))
    const taken = yield* take(engine, consumer, request, false)
    if (taken === undefined) {
      const expired = yield* expire(engine, consumer)
      return expired === 0 ? nothingClaimed : { claimed: expired, settled: expired, result: "cut" }
    }
    if (taken !== "solitude") return done(yield* beside(taken))
    const alone = Effect.gen(function* () {
      const row = yield* take(engine, consumer, request, true)
      if (row === undefined || row === "solitude") return undefined
      const rules = rulesOf(consumer, yield* engine.settings.current)
      // Somebody else has had it: this one may run beside others.
      return needsSolitude(row, rules) ? yield* run(engine, consumer, row) : row
    })
    const result = yield* engine.recovery.exclusive(alone)
    if (result === undefined) return done(0)
    return done(typeof result === "number" ? result : yield* beside(result))
  })
