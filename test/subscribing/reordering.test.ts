/** Processes that serve one consumer with different orderings, as in a rolling deploy. */
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { Integration, Processor, Subscriber } from "../../src/index.ts"
import { clientFor, databases, uniqueSchema, withSchema } from "../support/databases.ts"
import { logged, logging, ordered, publishFor, untilStatuses } from "../support/mailboxes.ts"
import { eventsOf, serve, services, until } from "../support/scenario.ts"

const quickPolls = { settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 100 } }

const orderingOf = (consumer: string) =>
  Processor.use((processor) =>
    Effect.map(processor.consumers, (all) => all.find((each) => each.consumer === consumer)?.ordering)
  )

for (const { layer, name } of databases) {
  it.live(`an ordered consumer handles what was stored while its ordering was lost, in order (${name})`, () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("lost")
      const log: Array<number> = []
      yield* serve(logging(ordered("lost"), Happened, log))
      const sql = yield* SqlClient.SqlClient
      // As a process of a version that knows no better does. In one transaction with the events: no poll comes between.
      yield* sql.withTransaction(
        Effect.andThen(
          sql`UPDATE integration_consumer SET ordering = 'none' WHERE consumer_name = 'lost'`,
          publishFor(Happened, "a", 1, 2, 3)
        )
      )
      yield* logged(log, [1, 2, 3])
      assert.strictEqual(yield* orderingOf("lost"), "aggregate")
    }).pipe(Effect.scoped, Effect.provide(services(layer, quickPolls)))
  )
}

it.live("while processes differ the ordered ones decide, and it is said once; the last to serve it has its way", () => {
  const schema = uniqueSchema()
  const warnings: Array<string> = []
  const capture = Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn") warnings.push(String(Array.isArray(message) ? message[0] : message))
  })
  const database = clientFor(schema)
  /** A process of its own, as far as the engine can tell. */
  const start = <R>(subscriber: Subscriber.Subscriber<R>) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const live = Subscriber.layer(subscriber).pipe(Layer.provideMerge(Integration.layer(quickPolls)))
      const context = yield* Layer.buildWithScope(Layer.provide(live, database), scope)
      return { context, stop: Scope.close(scope, Exit.void) }
    })
  return Effect.gen(function* () {
    const { Happened } = eventsOf("deploy")
    const inOrder: Array<number> = []
    const anyhow: Array<number> = []
    const fails = (event: { readonly payload: { readonly n: number } }) =>
      event.payload.n === 1 ? Effect.fail("broken") : Effect.void
    const one = yield* start(logging(ordered("deploy"), Happened, inOrder, { fails }))
    yield* publishFor(Happened, "a", 1, 2, 3).pipe(Effect.provide(one.context))
    yield* untilStatuses("deploy", ["dead_letter", "received", "received"]).pipe(Effect.provide(one.context))
    const two = yield* start(logging("deploy", Happened, anyhow))
    const differs = Effect.sync(() => warnings.filter((warning) => warning.includes("deploy")))
    // Each of both says it, once.
    const lines = yield* until(differs, (all) => all.length === 2)
    assert.include(
      lines,
      'Consumer "deploy" is served with ordering "aggregate" here and with ordering "none" by another process. As long as both run, deliveries are kept in order only by those that ask for it.'
    )
    assert.strictEqual(yield* Effect.provide(orderingOf("deploy"), two.context), "aggregate")
    assert.deepStrictEqual(anyhow, [])
    yield* one.stop
    yield* logged(anyhow, [2, 3])
    assert.strictEqual(yield* Effect.provide(orderingOf("deploy"), two.context), "none")
    assert.lengthOf(yield* differs, 2)
    yield* two.stop
  }).pipe(
    Effect.scoped,
    Effect.provide(Logger.layer([capture])),
    Effect.provide(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema))))
  )
})
