/** Wake-ups of this process: none is lost that somebody waits for, and those that nobody does are not kept without end. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { defaultCapacity } from "../../src/collections/bounded.ts"
import { Notifier } from "../../src/wakeups/Notifier.ts"

/** Whether a wake-up of a consumer is there. */
const isAwake = Effect.fnUntraced(function* (consumer: string) {
  const notifier = yield* Notifier
  const fiber = yield* Effect.forkChild(Effect.timeoutOption(notifier.wait(consumer), "1 second"))
  yield* TestClock.adjust("1 second")
  return Option.isSome(yield* Fiber.join(fiber))
})

it.effect("a wake-up before the first wait is kept, once", () =>
  Effect.gen(function* () {
    const notifier = yield* Notifier
    yield* notifier.wake(["early"])
    yield* notifier.wake(["early"])
    assert.isTrue(yield* isAwake("early"))
    assert.isFalse(yield* isAwake("early"))
    yield* notifier.wake(["early"])
    assert.isTrue(yield* isAwake("early"))
  }).pipe(Effect.provide(Notifier.layer))
)

it.effect("those of consumers nobody waits for here are forgotten, the oldest first; who waits is still woken", () =>
  Effect.gen(function* () {
    const notifier = yield* Notifier
    const waiting = yield* Effect.forkChild(notifier.wait("served"))
    yield* Effect.yieldNow
    const names = Array.from({ length: defaultCapacity + 1 }, (_, n) => `elsewhere-${n}`)
    yield* notifier.wake(names)
    assert.isFalse(yield* isAwake("elsewhere-0"))
    assert.isTrue(yield* isAwake(`elsewhere-${defaultCapacity}`))
    yield* notifier.wake(["served"])
    yield* Fiber.join(waiting)
  }).pipe(Effect.provide(Notifier.layer))
)
