/** What is ours alone is repeated when other transactions stood in its way: not for ever, and nothing else is. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { StoreError } from "../../src/errors/StoreErrors.ts"
import { repeatAlone } from "../../src/stores/contention.ts"

const refused = (code: string) =>
  new StoreError({ operation: "test", reason: code, isRetryable: true, cause: { code } })

/** Fails with each code in turn, then succeeds. Counts its runs. */
const failing = (...codes: ReadonlyArray<string>) => {
  let runs = 0
  const operation = Effect.suspend(() => {
    const code = codes[runs++]
    return code === undefined ? Effect.succeed("done") : Effect.fail(refused(code))
  })
  return { operation, runs: () => runs }
}

/** Runs an effect as long as its pauses last. */
const untimed = Effect.fnUntraced(function* <A, E>(effect: Effect.Effect<A, E>) {
  const fiber = yield* Effect.forkChild(Effect.result(effect))
  yield* TestClock.adjust("1 minute")
  return yield* Fiber.join(fiber)
})

const alone = repeatAlone(Effect.succeed(false))

it.effect("serialization failures and deadlocks are repeated", () =>
  Effect.gen(function* () {
    const { operation, runs } = failing("40001", "40P01", "40001")
    assert.deepInclude(yield* untimed(alone(operation)), { _tag: "Success", success: "done" })
    assert.strictEqual(runs(), 4)
  })
)

it.effect("at most twenty times", () =>
  Effect.gen(function* () {
    const { operation, runs } = failing(...Array.from({ length: 30 }, () => "40001"))
    assert.strictEqual((yield* untimed(alone(operation)))._tag, "Failure")
    assert.strictEqual(runs(), 21)
  })
)

it.effect("nothing else is, nor what is part of somebody's transaction", () =>
  Effect.gen(function* () {
    for (const code of ["55P03", "23505", "08006"]) {
      const { operation, runs } = failing(code)
      assert.strictEqual((yield* untimed(alone(operation)))._tag, "Failure")
      assert.strictEqual(runs(), 1)
    }
    const { operation, runs } = failing("40001")
    assert.strictEqual((yield* untimed(repeatAlone(Effect.succeed(true))(operation)))._tag, "Failure")
    assert.strictEqual(runs(), 1)
  })
)
