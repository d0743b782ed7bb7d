/** How many statements it takes to handle one event that comes alone: each is a round trip. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { inject } from "vitest"
import { Consumer, Integration, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { clientFor, uniqueSchema, withSchema } from "../support/databases.ts"
import { faultProxy } from "../support/faultProxy.ts"
import { eventsOf, unpolled, until } from "../support/scenario.ts"

/** The count once it has not changed for a while. */
const settledCount = (count: () => number) =>
  Effect.gen(function* () {
    for (let before = -1; before !== count(); yield* Effect.sleep("500 millis")) before = count()
    return count()
  })

/** Statements of a process with one consumer, for one event that another process publishes. */
const statementsFor = (test: string, options: Consumer.Options) =>
  Effect.gen(function* () {
    const schema = uniqueSchema()
    const proxy = yield* faultProxy(inject("postgresUrl"))
    const { Happened } = eventsOf(test)
    const database = (url?: string) => clientFor(schema, url === undefined ? {} : { url })
    const settings = { settings: unpolled }
    const publishing = yield* Layer.build(
      Integration.layer(settings).pipe(
        Layer.provideMerge(withSchema(schema)),
        Layer.provideMerge(database()),
        Layer.fresh
      )
    )
    let handled = 0
    const subscriber = Subscriber.make({
      consumer: Consumer.make(test, options),
      event: Happened,
      handler: () => Effect.sync(() => void handled++)
    })
    yield* Layer.build(
      Subscriber.layer(subscriber).pipe(
        Layer.provideMerge(Integration.layer(settings)),
        Layer.provideMerge(database(proxy.url)),
        Layer.fresh
      )
    )
    const publish = (n: number) =>
      Effect.gen(function* () {
        const { id } = yield* Publisher.publish(Happened, { n })
        yield* Processor.use((processor) => processor.settled(id))
        yield* until(
          Effect.sync(() => handled),
          (count) => count === n
        )
      }).pipe(Effect.provide(publishing))
    yield* publish(1)
    const before = yield* settledCount(proxy.statements)
    yield* publish(2)
    return (yield* settledCount(proxy.statements)) - before
  }).pipe(Effect.scoped)

it.live(
  "an event that comes alone takes BEGIN, claim (two in order), mark and COMMIT, and a look at what is due next",
  () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* statementsFor("alone", {}), 5)
      assert.strictEqual(yield* statementsFor("ordered", { ordering: "aggregate" }), 6)
    })
)
