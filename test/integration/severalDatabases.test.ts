/**
 * Several integrations in one layer graph, each with its own database.
 *
 * Seen failing when their parts are shared: all events are stored, and all handlers run, in the first one's database; and when
 * one layer that two clients are provided to is built once. In memory, also when one reference names the current transaction of
 * all databases.
 */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import {
  Integration,
  IntegrationLive,
  IntegrationMemory,
  Processor,
  Publisher,
  Registry,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { postgres } from "../support/databases.ts"
import { eventsOf, unpolled } from "../support/scenario.ts"

const { Happened } = eventsOf("tenants")

/** What one tenant has: its services under a name of its own. */
type Services = Publisher | Processor | Transactor

/** A tenant's integration with a subscriber, and the services it got. */
const tenant = <E, R>(name: string, handled: Array<string>, integration: Layer.Layer<Services, E, R>) => {
  const Own = Context.Service<Own, Context.Context<Services>>(`test/${name}`)
  interface Own {
    readonly _: unique symbol
  }
  const subscriber = Subscriber.make({
    consumer: "tenants",
    event: Happened,
    handler: ({ payload }) => Effect.sync(() => handled.push(`${name} ${payload.n}`))
  })
  const own = Layer.effect(Own, Effect.context<Services>())
  return { Own, layer: Layer.merge(own, Subscriber.layer(subscriber)).pipe(Layer.provide(integration)) }
}

const settings = unpolled

const pairs = [
  {
    what: "two databases, one layer each",
    one: () => Layer.provide(Integration.layer({ settings }), postgres()),
    two: () => Layer.provide(Integration.layer({ settings }), postgres())
  },
  {
    what: "two databases, the same layer",
    one: () => Layer.provide(IntegrationLive, postgres()),
    two: () => Layer.provide(IntegrationLive, postgres())
  },
  {
    what: "PostgreSQL and PGlite, the same layer",
    // PGlite compiles while the other connects, on the same thread: on a busy machine that takes longer than the default.
    one: () => Layer.provide(IntegrationLive, postgres({ connectTimeout: "1 minute" })),
    two: () => Layer.provide(IntegrationLive, PgLite.layerMemory)
  },
  {
    what: "PostgreSQL beside memory",
    one: () => Layer.provide(IntegrationLive, postgres()),
    two: () => IntegrationMemory
  },
  { what: "two in memory", one: () => Integration.layerMemory(), two: () => Integration.layerMemory() }
]

for (const { one, two, what } of pairs) {
  it.live(`${what}: events and handlers stay where they belong`, () =>
    Effect.gen(function* () {
      const handled: Array<string> = []
      const first = tenant("first", handled, one())
      const second = tenant("second", handled, two())
      yield* Effect.gen(function* () {
        for (const [own, n] of [
          [yield* first.Own, 1],
          [yield* second.Own, 2]
        ] as const) {
          const { id } = yield* Effect.provide(Publisher.publish(Happened, { n }), own)
          const settled = yield* Effect.provide(
            Processor.use((_) => _.settled(id)),
            own
          )
          assert.lengthOf(settled, 1)
        }
      }).pipe(Effect.provide(Layer.mergeAll(first.layer, second.layer)))
      assert.deepStrictEqual(handled, ["first 1", "second 2"])
    })
  )
}

it.live("in memory, a transaction of one database is none of another's", () =>
  Effect.gen(function* () {
    const [first, second] = [tenant("first", [], IntegrationMemory), tenant("second", [], Integration.layerMemory())]
    yield* Effect.gen(function* () {
      const [one, two] = [yield* first.Own, yield* second.Own]
      const publish = (n: number) => Publisher.publish(Happened, { n }, { dedupeKey: "once" })
      const inTwo = Effect.provide(Transactor.withTransaction(publish(2)), two)
      const inBoth = Transactor.withTransaction(Effect.andThen(publish(1), Effect.andThen(inTwo, Effect.fail("no"))))
      assert.strictEqual(yield* Effect.flip(Effect.provide(inBoth, one)), "no")
      const isThere = Effect.map(publish(3), ({ isDuplicate }) => isDuplicate)
      assert.isFalse(yield* Effect.provide(isThere, one))
      assert.isTrue(yield* Effect.provide(isThere, two))
    }).pipe(Effect.provide(Layer.mergeAll(first.layer, second.layer)))
  })
)

it.live("what is provided with the same layer and client shares its services", () =>
  Effect.gen(function* () {
    const client = postgres()
    const live = Layer.provide(IntegrationLive, client)
    const registry = (name: string) => {
      const Own = Context.Service<Own, Registry["Service"]>(`test/registry-${name}`)
      interface Own {
        readonly _: unique symbol
      }
      return { Own, layer: Layer.effect(Own, Registry).pipe(Layer.provide(live)) }
    }
    const [first, second] = [registry("first"), registry("second")]
    yield* Effect.gen(function* () {
      assert.strictEqual(yield* first.Own, yield* second.Own)
      const [row] = yield* SqlClient.SqlClient.use(
        (sql) =>
          sql<{ running: number }>`SELECT count(*)::int AS running FROM integration_replica WHERE status = 'running'`
      )
      assert.strictEqual(row?.running, 1)
    }).pipe(Effect.provide(Layer.mergeAll(first.layer, second.layer, client)))
  })
)
