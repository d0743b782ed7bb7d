/** Transactions of the store in memory. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { Integration, Publisher, Transactor } from "../../src/index.ts"
import { eventsOf, unpolled } from "../support/scenario.ts"

describe("on memory", () => {
  layer(Integration.layerMemory({ settings: unpolled }), { excludeTestServices: true })("in memory", (it) => {
    it.effect("a transaction that ended cannot be used", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("ended")
        const context = yield* Transactor.withTransaction(Effect.context<Publisher>())
        const late = yield* Effect.exit(Effect.provideContext(Publisher.publish(Happened, { n: 1 }), context))
        assert.isTrue(Exit.isFailure(late))
      })
    )
  })
})
