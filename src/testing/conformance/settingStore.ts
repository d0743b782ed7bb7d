/**
 * What every setting store must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { SettingStore } from "../../settings/SettingStore.ts"
import { checkOf } from "./Check.ts"
import { unique } from "./support.ts"

const check = checkOf("SettingStore")

export const settingStore = [
  check(
    "keeps any JSON value by key, and the history of its changes with their reasons",
    Effect.gen(function* () {
      const store = yield* SettingStore
      const key = unique("setting")
      for (const value of [1, "text", { a: [true] }, false]) {
        yield* store.set(key, value, "me", value === false ? "it is too slow" : undefined)
        assert.deepEqual((yield* store.all)[key], value)
      }
      yield* store.remove(key, undefined, "x".repeat(2000))
      yield* store.remove(key)
      assert.ok(!(key in (yield* store.all)))
      assert.deepEqual(
        (yield* store.history(key)).map((_) => [_.previousValue, _.value, _.changedBy, _.reason]),
        [
          [false, undefined, undefined, `${"x".repeat(1022)}…`],
          [{ a: [true] }, false, "me", "it is too slow"],
          ["text", { a: [true] }, "me", undefined],
          [1, "text", "me", undefined],
          [undefined, 1, "me", undefined]
        ]
      )
    })
  )
]
