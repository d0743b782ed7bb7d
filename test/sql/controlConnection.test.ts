/** The connection of the engine's own, when it falls silent. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { inject } from "vitest"
import { ControlConnection } from "../../src/sql/connection/controlConnection.ts"
import { clientFor } from "../support/databases.ts"
import { faultProxy } from "../support/faultProxy.ts"

const nextTurn = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 1)))

it.effect(
  "a control connection that has fallen silent while it was idle is noticed within 45 seconds, and said",
  () => {
    const warnings: Array<string> = []
    const capture = Logger.make(({ logLevel, message }) => {
      if (logLevel === "Warn") warnings.push(String(message))
    })
    return Effect.gen(function* () {
      const proxy = yield* faultProxy(inject("postgresUrl"))
      yield* Effect.gen(function* () {
        const control = yield* ControlConnection
        const pid = Effect.map(
          control.query<{ pid: number }>("SELECT pg_backend_pid() AS pid"),
          ([row]) => row?.pid ?? 0
        )
        const before = yield* pid
        assert.isAbove(proxy.silence(), 0)
        // Seconds of the test's clock; the statement, and giving its connection up, are real.
        for (let second = 0; second < 41; second++) yield* Effect.andThen(TestClock.adjust("1 second"), nextTurn)
        while (warnings.length === 0) yield* nextTurn
        assert.match(warnings[0] ?? "", /control connection did not answer/)
        assert.notStrictEqual(yield* pid, before)
      }).pipe(Effect.provide(ControlConnection.layer.pipe(Layer.provide(clientFor("public", { url: proxy.url })))))
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([capture])))
  },
  20_000
)
