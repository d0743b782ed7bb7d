/** A decorated class with async methods is leased unless it says otherwise: who asks for its transaction is told so. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Consumer, Subscribe } from "../../src/decorators.ts"
import { type HandlerContext, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { App, withApplication, written } from "../support/applications.ts"
import { deliveries, eventsOf, serve } from "../support/scenario.ts"

const { Happened } = eventsOf("leased")

it.live("the transaction of a leased handler says that there is none, and that of a transactional one is there", () =>
  Effect.gen(function* () {
    const app = yield* App
    // biome-ignore lint/suspicious/noExplicitAny: whatever the client calls a transaction
    type Context = HandlerContext<any>
    @Consumer("leased", { maxAttempts: 1 })
    class Leased {
      @Subscribe(Happened)
      async handle(_: unknown, { tx }: Context) {
        await app.write(tx, { name: "leased", n: 1 })
      }
    }
    @Consumer("shared", { mode: "transactional" })
    class Shared {
      @Subscribe(Happened)
      async handle(_: unknown, { tx }: Context) {
        await app.write(tx, { name: "shared", n: 1 })
      }
    }
    yield* serve(...Subscriber.fromClass(Leased), ...Subscriber.fromClass(Shared))
    const event = yield* Publisher.publish(Happened, { n: 1 })
    yield* Processor.use((processor) => processor.settled(event.id))
    assert.deepStrictEqual([yield* written("leased"), yield* written("shared")], [[], [1]])
    const [row] = yield* deliveries("leased")
    assert.deepInclude(row, { status: "dead_letter", tag: "TransactionUnusable" })
    assert.include(row?.error ?? "", 'pg: a leased handler is in no transaction. Declare it with mode: "transactional"')
  }).pipe(Effect.scoped, Effect.provide(withApplication("pg")))
)
