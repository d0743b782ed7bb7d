/**
 * What every transactor must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { SettingStore } from "../../settings/SettingStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { unique } from "./support.ts"

const check = checkOf("Transactor")

export const transactor = [
  check(
    "commits on success, rolls back on failure, defect and interruption, and keeps the error",
    Effect.gen(function* () {
      const store = yield* SettingStore
      const key = unique("tx")
      const ending = (end: Effect.Effect<unknown, unknown>) =>
        Effect.exit(Transactor.withTransaction(Effect.andThen(store.set(key, 1), end)))
      for (const end of [Effect.fail("mine"), Effect.die("bug"), Effect.interrupt]) {
        yield* ending(end)
        assert.ok(!(key in (yield* store.all)))
      }
      assert.equal(yield* Effect.flip(Transactor.withTransaction(Effect.fail("mine"))), "mine")
      yield* ending(Effect.void)
      assert.ok(key in (yield* store.all))
    })
  ),

  check(
    "runs what waits for the commit after it, in order, and drops what was rolled back",
    Effect.gen(function* () {
      const transactor = yield* Transactor
      const log: Array<string> = []
      const later = (line: string) => transactor.afterCommit(Effect.sync(() => log.push(line)))
      assert.equal(yield* transactor.isOpen, false)
      yield* Transactor.withTransaction(
        Effect.gen(function* () {
          assert.equal(yield* transactor.isOpen, true)
          yield* later("first")
          yield* Effect.ignore(Transactor.withTransaction(Effect.andThen(later("undone"), Effect.fail("no"))))
          yield* Transactor.withTransaction(later("second"))
          log.push("inside")
        })
      )
      yield* Effect.ignore(Transactor.withTransaction(Effect.andThen(later("lost"), Effect.fail("no"))))
      yield* later("at once")
      assert.deepEqual(log, ["inside", "first", "second", "at once"])
    })
  ),

  check(
    "a check of constraints does no harm",
    Effect.gen(function* () {
      const transactor = yield* Transactor
      const { checkConstraints, checkSavepoint } = transactor
      yield* Transactor.withTransaction(checkConstraints)
      yield* Transactor.withTransaction(Transactor.withTransaction(checkSavepoint))
    })
  )
]
