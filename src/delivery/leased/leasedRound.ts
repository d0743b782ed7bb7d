/**
 * Rounds of a leased consumer, for effects outside the database: one delivery each, handled outside of any transaction.
 *
 * Its attempt is counted when it is claimed, so one that ends its process is charged. Settling repeats the token of the
 * lease: whoever lost it changes nothing.
 *
 * @internal
 */
import { Cause, Clock, Data, Deferred, Effect, Option } from "effect"
import { LeaseLost } from "../../errors/HandlerErrors.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Claimed, Leased } from "../../stores/Delivery.ts"
import * as Deferring from "../../stores/deferredWrites.ts"
import { steadyMillisUnsafe } from "../../stores/steadyMillis.ts"
import { timed } from "../../telemetry/timed.ts"
import { claimOf } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import { counted } from "../handlers/countRun.ts"
import * as Handlers from "../handlers/handlers.ts"
import { withHandlerTimeout } from "../handlers/handlerTimeout.ts"
import { failedOutcome, type Outcome } from "../handlers/outcome.ts"
import { runHandler } from "../handlers/runHandler.ts"
import { followUp } from "../transactions/followUp.ts"
import { inTurn } from "../transactions/inTurn.ts"
import { inOwnTransaction } from "../transactions/ownTransaction.ts"
import { nothingClaimed, type Round, type RoundResult, withRulesOfNow } from "../transactions/round.ts"
import { giveBack, insistOnGivingBack } from "./giveBack.ts"
import { persistOutcome } from "./persistOutcome.ts"
import { settleExpired } from "./settleExpired.ts"

/**
 * Whether an attempt that may end its process is the last one a delivery has: it runs while no other leased attempt does
 * in this process, so that others, which may have ended only because it did, do not end with it again.
 */
const needsExclusivity = (row: Claimed, { rules }: Round) =>
  row.recovery?.hasCrashed === true && row.attemptCount >= rules.retry.maxAttempts - 1

/** What a claim found. */
type Taken = Data.TaggedEnum<{
  Nothing: Record<never, never>
  /** There is one, but it may not run beside others: nothing was written. */
  NeedsExclusivity: Record<never, never>
  One: { readonly row: Leased }
}>

const Taken = Data.taggedEnum<Taken>()

/**
 * Claims one delivery, counting its attempt. If that fails, or is interrupted, when the lease may have been committed already,
 * it is given back.
 *
 * @param isExclusive - whether no other leased attempt runs in this process
 * @param begin - run before there is a lease
 */
const take = (
  engine: Engine,
  round: Round,
  isExclusive: boolean,
  begin: Effect.Effect<void>
): Effect.Effect<Taken, StoreError> => {
  const { consumer, rules } = round
  let leased: Leased | undefined
  const transaction = Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const claim = engine.inbox.claim({ ...claimOf(engine, round), limit: 1 })
    const [row] = yield* timed(engine.telemetry.meters.claim, () => steadyMillisUnsafe(clock), claim)
    // The subscriber may have been removed after the claim: it waits for somebody who has it.
    if (row === undefined || engine.registry.handlerFor(consumer.name, row.eventName) === undefined) {
      return Taken.Nothing()
    }
    const isNeeded = needsExclusivity(row, round)
    if (isNeeded && !isExclusive) return Taken.NeedsExclusivity()
    // Somebody else has had the one it was for: this one runs beside others, in the next round.
    if (isExclusive && !isNeeded) return Taken.Nothing()
    yield* begin
    const token = yield* engine.inbox.lease(row, rules.processingLeaseMs, engine.replicas.id)
    leased = { ...row, token }
    engine.telemetry.meters.consumer(consumer.name).batchSize.record(1)
    return Taken.One({ row: leased })
  })
  return inOwnTransaction(engine, rules, untraced(transaction)).pipe(
    inTurn(engine, consumer),
    Effect.onInterrupt(() => (leased === undefined ? Effect.void : giveBack(engine, consumer, leased))),
    Effect.tapCause((cause) =>
      leased === undefined || Cause.hasInterruptsOnly(cause)
        ? Effect.void
        : insistOnGivingBack(engine, consumer, leased, rules.processingLeaseMs)
    )
  )
}

/**
 * How an attempt ended. `NotRun`: its subscriber was removed, or its worker is to stop; `LeaseLost`: somebody else has the
 * delivery by now.
 */
type AttemptEnd = Outcome | { readonly _tag: "NotRun" } | { readonly _tag: "LeaseLost" }

/** Runs the handler; its own failures are data. */
const handle = Effect.fnUntraced(function* (
  engine: Engine,
  { consumer, rules: { timeoutMillis } }: Round,
  row: Leased,
  writes: Deferring.DeferredWrites
): Effect.fn.Return<AttemptEnd> {
  const outer = yield* Effect.context<never>()
  return yield* Effect.gen(function* () {
    const handlers = Handlers.make(engine, consumer, outer, yield* Effect.context<never>())
    const subscriber = handlers.of(row)
    if (subscriber === undefined) return { _tag: "NotRun" } as const
    const result = yield* counted(
      engine,
      consumer,
      row,
      withHandlerTimeout(() => runHandler(subscriber, row, handlers.contextOf(subscriber)), timeoutMillis)
    )
    return Option.isSome(result)
      ? result.value
      : failedOutcome(Handlers.timedOut(engine, consumer, [row], timeoutMillis).cause)
  }).pipe(
    Effect.provideService(Deferring.CurrentWrites, writes),
    Effect.ensuring(
      Effect.sync(() => {
        writes.isClosed = true
      })
    )
  )
})

/** Where an attempt may be interrupted. */
type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * Runs one attempt, from its lease to its settlement; a lease whose handler did not come to an end is given back. Returns how
 * many were settled.
 */
const run = Effect.fnUntraced(function* (engine: Engine, round: Round, row: Leased, restore: Restore) {
  const progress = { hasHandled: false }
  const lost = yield* engine.leases.track(row, round.rules.processingLeaseMs)
  return yield* restore(runTracked(engine, round, row, lost, progress)).pipe(
    Effect.onExit(() => (progress.hasHandled ? Effect.void : giveBack(engine, round.consumer, row))),
    Effect.ensuring(engine.leases.untrack(row.token))
  )
})

/** @param progress - told when the handler has come to its end: its effects cannot be taken back */
const runTracked = Effect.fnUntraced(function* (
  engine: Engine,
  round: Round,
  row: Leased,
  lost: Deferred.Deferred<void>,
  progress: { hasHandled: boolean }
) {
  const { consumer } = round
  // It may have waited long, for the database or for others.
  if (round.isStopping()) return 0
  const writes = Deferring.make()
  const startedAt = yield* engine.now
  const ended: AttemptEnd = yield* Effect.raceFirst(
    handle(engine, round, row, writes),
    Effect.as(Deferred.await(lost), { _tag: "LeaseLost" } as const)
  )
  if (ended._tag === "NotRun") return 0
  progress.hasHandled = true
  const durationMillis = Math.max(0, (yield* engine.now) - startedAt)
  const written =
    ended._tag === "LeaseLost"
      ? undefined
      : yield* persistOutcome(engine, round, { row, outcome: ended, writes, durationMillis })
  if (written === undefined) {
    engine.telemetry.meters.consumer(consumer.name).rollbacks("lease").count++
    yield* Effect.logWarning(new LeaseLost({ consumer: consumer.name, eventName: row.eventName }).message)
    return 0
  }
  return written.settlement.status === "processed"
    ? yield* followUp(engine, consumer, [row], [])
    : yield* followUp(engine, consumer, [], [written])
})

/** Takes one delivery and runs its attempt; no interruption comes between. Returns how many were settled, or why it took none. */
const takeAndRun = (engine: Engine, round: Round, isExclusive: boolean) =>
  Effect.uninterruptibleMask((restore) => {
    const attempt = {}
    return Effect.gen(function* () {
      const taken = yield* restore(take(engine, round, isExclusive, engine.leases.begin(attempt)))
      if (taken._tag !== "One") return taken._tag
      yield* round.onFull ?? Effect.void
      const place: Restore = isExclusive ? restore : (effect) => restore(engine.recovery.beside(effect))
      return yield* run(engine, round, taken.row, place)
    }).pipe(Effect.ensuring(engine.leases.end(attempt)))
  })

/** One delivery, or the end of leases that ran out. */
export const leasedRound = (engine: Engine, round: Round): Effect.Effect<RoundResult, StoreError> =>
  Effect.gen(function* () {
    const cut = (claimed: number, settled: number): RoundResult => ({ claimed, settled, result: "cut" })
    const result = yield* takeAndRun(engine, round, false)
    if (typeof result === "number") return cut(1, result)
    if (result === "NeedsExclusivity") {
      const exclusively = Effect.flatMap(withRulesOfNow(engine, round), (now) => takeAndRun(engine, now, true))
      const settled = yield* engine.recovery.exclusive(exclusively)
      return cut(1, typeof settled === "number" ? settled : 0)
    }
    const expired = yield* settleExpired(engine, round)
    return expired === 0 ? nothingClaimed : cut(expired, expired)
  })
