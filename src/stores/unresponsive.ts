/**
 * Connections that have gone silent: half-open, behind a proxy or a network that answers nothing any more.
 *
 * BEGIN and COMMIT cannot be interrupted, and nobody knows how long an answer may take. So the connection of a transaction
 * that has shown no sign of life for longer than its lease and its handlers would need is closed, and its work is taken up
 * with another one. The server has ended it by then, or will: its deliveries are locked as long as it has not.
 *
 * @internal
 */
import { Cause, Clock, Deferred, Effect, Fiber } from "effect"
import { StoreError } from "../errors/StoreErrors.ts"
import type { Settings } from "../settings/Settings.ts"
import { waitAtMost } from "./graceTime.ts"
import { steadyMillisUnsafe } from "./steadyMillis.ts"

/** When something last happened: see `steadyMillis`. */
export interface Liveness {
  last: number
}

/** The setting that limits follow. */
interface Lease {
  readonly processingLeaseMs: number
}

/** Added to what a transaction may need, for statements of our own: as long as the lease, and at least two seconds. */
const statementLimitMillis = ({ processingLeaseMs }: Lease) => Math.max(2000, processingLeaseMs)

const reason = "the database has not answered for too long; the connection is given up"

const unresponsive = (operation: string) => new StoreError({ operation, reason, isRetryable: true, cause: undefined })

/** Whether an effect failed because nothing was heard of the database. */
export const isUnresponsive = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some(
    (each) => Cause.isFailReason(each) && each.error instanceof StoreError && each.error.reason === reason
  )

/**
 * Runs a single statement. Fails with `StoreError` when it is not answered within twice the lease, and at least five
 * seconds; its connection is closed then.
 */
export const withStatementTimeout = <A, E, R>(
  engine: { readonly settings: Pick<Settings["Service"], "current"> },
  operation: string,
  statement: Effect.Effect<A, E, R>
): Effect.Effect<A, E | StoreError, R> =>
  Effect.flatMap(engine.settings.current, ({ processingLeaseMs }) =>
    Effect.timeoutOrElse(statement, {
      duration: Math.max(5000, 2 * processingLeaseMs),
      orElse: () => Effect.fail(unresponsive(operation))
    })
  )

/**
 * Ends when so many milliseconds have passed since the time that `since` gives (of `steadyMillis`), which may move on
 * meanwhile: one timer for all of it, however often it moves.
 */
export const untilPassed = Effect.fnUntraced(function* (since: () => number, millis: number) {
  const clock = yield* Clock.Clock
  for (;;) {
    const left = since() + millis - steadyMillisUnsafe(clock)
    if (left <= 0) return
    yield* Effect.sleep(left)
  }
})

/** Waits for the end of a fiber, but not for ever, where nothing can be interrupted. */
export const awaitEnd = Effect.fnUntraced(function* (fiber: Fiber.Fiber<unknown, unknown>, millis: number) {
  const over = yield* Deferred.make<void>()
  const tell = Deferred.succeed(over, undefined)
  yield* Effect.forkDetach(Effect.andThen(Fiber.await(fiber), tell))
  const timer = yield* Effect.forkDetach(Effect.andThen(waitAtMost(Effect.never, millis), tell))
  yield* Deferred.await(over)
  timer.interruptUnsafe()
})

/** How long a transaction may take to end after it was interrupted, in milliseconds, before its connection is closed. */
const endLimitMillis = 2000

/**
 * Runs a transaction that ends when it is interrupted, also when the database does not answer its BEGIN or COMMIT.
 *
 * @param transaction - from what breaks its connection when it is completed
 */
export const endsWhenInterrupted = <A, E, R>(
  transaction: (abort: Deferred.Deferred<void>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  // No interruption comes between the fork and the handler that would end it.
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const { abort, fiber } = yield* begin(transaction)
      yield* restore(Fiber.await(fiber)).pipe(Effect.onInterrupt(() => endOrAbort(fiber, abort, endLimitMillis)))
      return yield* Fiber.join(fiber)
    })
  )

const begin = <A, E, R>(transaction: (abort: Deferred.Deferred<void>) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<R>()
    const abort = yield* Deferred.make<void>()
    const fiber = yield* Effect.forkDetach(Effect.provideContext(transaction(abort), context), {
      startImmediately: true
    })
    return { abort, fiber }
  })

const endOrAbort = (fiber: Fiber.Fiber<unknown, unknown>, abort: Deferred.Deferred<void>, millis: number) =>
  Effect.suspend(() => {
    fiber.interruptUnsafe()
    return Effect.andThen(awaitEnd(fiber, millis), Deferred.succeed(abort, undefined))
  })

/**
 * Runs a transaction; breaks its connection, and fails with `StoreError`, when it has shown no sign for `idleMillis` and a
 * little more. Interrupting it interrupts the transaction, and waits for it.
 *
 * @param transaction - from what breaks its connection when it is completed
 */
export const withLivenessLimit = <A, E, R>(
  transaction: (abort: Deferred.Deferred<void>) => Effect.Effect<A, E, R>,
  liveness: Liveness,
  idleMillis: number,
  settings: Lease
): Effect.Effect<A, E | StoreError, R> =>
  // No interruption comes between the fork and the handler that would end it.
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const { abort, fiber } = yield* begin(transaction)
      const limitMillis = idleMillis + statementLimitMillis(settings)
      const hasEnded = yield* restore(
        Effect.raceFirst(
          Effect.as(Fiber.await(fiber), true),
          Effect.as(
            untilPassed(() => liveness.last, limitMillis),
            false
          )
        )
      ).pipe(Effect.onInterrupt(() => endOrAbort(fiber, abort, limitMillis)))
      if (hasEnded) return yield* Fiber.join(fiber)
      fiber.interruptUnsafe()
      yield* Deferred.succeed(abort, undefined)
      return yield* unresponsive("transaction")
    })
  )
