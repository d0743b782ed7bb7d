/** Transactions and statements of which nothing is heard any more, under virtual time. */
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Ref } from "effect"
import { TestClock } from "effect/testing"
import { defaults } from "../../src/settings/Settings.ts"
import {
  endsWhenInterrupted,
  isUnresponsive,
  withLivenessLimit,
  withStatementTimeout
} from "../../src/stores/unresponsive.ts"

const settings = { ...defaults, processingLeaseMs: 10_000 }
const engine = {
  settings: {
    current: Effect.succeed(settings),
    apply: () => Effect.succeed(settings),
    problems: Effect.succeed({ rejected: [], unknown: [] }),
    refresh: Effect.succeed(settings)
  }
}

it.effect("a transaction that cannot be interrupted is left alone when it has shown no sign for too long", () =>
  Effect.gen(function* () {
    const liveness = { last: 0 }
    const hung = Effect.uninterruptible(Effect.never)
    const fiber = yield* Effect.forkChild(Effect.exit(withLivenessLimit(() => hung, liveness, 20_000, settings)))
    yield* TestClock.adjust("29 seconds")
    assert.isUndefined(fiber.pollUnsafe())
    // A handler that begins is a sign of life.
    liveness.last = 29_000
    yield* TestClock.adjust("29 seconds")
    assert.isUndefined(fiber.pollUnsafe())
    yield* TestClock.adjust("2 seconds")
    const exit = yield* Fiber.join(fiber)
    assert.isTrue(exit._tag === "Failure" && isUnresponsive(exit.cause))
  })
)

it.effect("one that ends in time gives its result, and is interrupted with its caller", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* withLivenessLimit(() => Effect.succeed(1), { last: 0 }, 0, settings), 1)
    const wasInterrupted = yield* Ref.make(false)
    const started = yield* Deferred.make<void>()
    const waiting = Effect.andThen(Deferred.succeed(started, undefined), Effect.never).pipe(
      Effect.onInterrupt(() => Ref.set(wasInterrupted, true))
    )
    const fiber = yield* Effect.forkChild(withLivenessLimit(() => waiting, { last: 0 }, 0, settings))
    yield* Deferred.await(started)
    yield* Fiber.interrupt(fiber)
    assert.isTrue(yield* Ref.get(wasInterrupted))
  })
)

it.effect("a statement has twice the lease to be answered", () =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Effect.exit(withStatementTimeout(engine, "inbox.poll", Effect.never)))
    yield* TestClock.adjust("19 seconds")
    assert.isUndefined(fiber.pollUnsafe())
    yield* TestClock.adjust("2 seconds")
    const exit = yield* Fiber.join(fiber)
    assert.isTrue(exit._tag === "Failure" && isUnresponsive(exit.cause))
  })
)

it.effect("a transaction whose COMMIT is never answered loses its connection two seconds after it was given up", () =>
  Effect.gen(function* () {
    const closed = yield* Ref.make(false)
    const hung = (abort: Deferred.Deferred<void>) =>
      Effect.uninterruptible(Effect.andThen(Deferred.await(abort), Ref.set(closed, true)))
    const fiber = yield* Effect.forkChild(
      Effect.exit(withStatementTimeout(engine, "subscriptions.backfill", endsWhenInterrupted(hung)))
    )
    yield* TestClock.adjust("21 seconds")
    assert.isUndefined(fiber.pollUnsafe())
    yield* TestClock.adjust("2 seconds")
    const exit = yield* Fiber.join(fiber)
    assert.isTrue(exit._tag === "Failure" && isUnresponsive(exit.cause))
    assert.isTrue(yield* Ref.get(closed))
  })
)
