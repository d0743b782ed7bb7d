/** What is said once of each name: also of names beyond those that are remembered, which may then be said again. */
import { assert, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { SqlError } from "effect/sql"
import { defaultCapacity } from "../../src/collections/bounded.ts"
import { Integration, Publisher, Settings } from "../../src/index.ts"
import { bisectRefused } from "../../src/sql/connection/bisect.ts"

/** Runs `body` with what it logs; for the lines that include `text`. */
const logged = <A, E, R>(text: string, body: (count: () => number) => Effect.Effect<A, E, R>) => {
  let lines = 0
  const capture = Logger.make(({ message }) => {
    if (String(message).includes(text)) lines++
  })
  return Effect.provide(
    body(() => lines),
    Logger.layer([capture])
  )
}

/** Says of more names than are remembered, then twice of the first: it was forgotten. */
const saysOfMany = <A, E, R>(text: string, say: (names: ReadonlyArray<string>) => Effect.Effect<A, E, R>) =>
  logged(
    text,
    Effect.fnUntraced(function* (count) {
      yield* say(["first"])
      yield* say(["first"])
      assert.strictEqual(count(), 1)
      yield* say(Array.from({ length: defaultCapacity }, (_, n) => `name-${n}`))
      assert.strictEqual(count(), 1 + defaultCapacity)
      yield* say(["first"])
      yield* say(["first"])
      assert.strictEqual(count(), 2 + defaultCapacity)
    })
  )

it.live("events without a consumer", () =>
  saysOfMany("has no consumer", (names) =>
    Publisher.publishEvents(
      names.map((eventName) => ({
        eventName,
        sourceModule: "tests",
        aggregateType: "Thing",
        aggregateId: "1",
        payload: {}
      }))
    )
  ).pipe(Effect.provide(Integration.layerMemory()))
)

it.live("rows that the database refuses", () => {
  const refused = new SqlError.SqlError({
    reason: new SqlError.ConstraintError({ cause: new Error("no"), message: "no", operation: "test" })
  })
  return saysOfMany("is left out", (names) =>
    Effect.forEach(names, (name) => bisectRefused("test", [name], () => Effect.fail(refused)), { discard: true })
  )
})

it.live("a row that several operations are refused for: each of them says so", () => {
  const refused = new SqlError.SqlError({
    reason: new SqlError.ConstraintError({ cause: new Error("no"), message: "no", operation: "test" })
  })
  return logged(
    "is left out",
    Effect.fnUntraced(function* (count) {
      for (const operation of ["route", "backfill", "route"]) {
        yield* bisectRefused(operation, ["the same row"], () => Effect.fail(refused))
      }
      assert.strictEqual(count(), 2)
    })
  )
})

it.live("settings that are not valid", () =>
  saysOfMany("core.integration.outbox.maxAttempts", (values) =>
    Settings.use((settings) =>
      Effect.forEach(values, (value) => settings.apply({ "core.integration.outbox.maxAttempts": value }), {
        discard: true
      })
    )
  ).pipe(Effect.provide(Integration.layerMemory()))
)
