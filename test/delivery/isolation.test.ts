/** Deliveries with a transaction of their own: what one handler sets for its transaction reaches no other. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, type DomainEvent, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { databases, runtimes } from "../support/databases.ts"
import { eventsOf, NotToday, note, noted, serve, services } from "../support/scenario.ts"

const tenantNow = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ tenant: string | null }>`SELECT NULLIF(current_setting('app.tenant', true), '') AS tenant`,
    ([row]) => row?.tenant ?? undefined
  )
)

/** Handles its event as the tenant of its number, and keeps which tenant was there before, and then. */
const asTenant = (
  options: Consumer.Options,
  name: string,
  seen: Array<readonly [string | undefined, string | undefined]>
) =>
  Subscriber.make({
    consumer: Consumer.make(name, options),
    event: eventsOf(name).Happened,
    handler: Effect.fn(function* ({ payload }) {
      const sql = yield* SqlClient.SqlClient
      const before = yield* tenantNow
      yield* sql`SELECT set_config('app.tenant', ${`tenant ${payload.n}`}, true)`
      seen.push([before, yield* tenantNow])
    })
  })

describe.each(databases)("on $name", ({ layer: database }) => {
  layer(services(database, { settings: { startupDrainEnabled: false } }), {
    excludeTestServices: true,
    timeout: "60 seconds"
  })("isolation", (it) => {
    const handledAs = Effect.fnUntraced(function* (name: string, options: Consumer.Options) {
      const seen: Array<readonly [string | undefined, string | undefined]> = []
      // Registered, but not served yet: all are there before the first claim.
      yield* Effect.scoped(serve(asTenant(options, name, [])))
      const events = yield* Publisher.publishAll(eventsOf(name).happenings(10))
      yield* serve(asTenant(options, name, seen))
      const processor = yield* Processor
      for (const { id } of events) yield* processor.settled(id)
      return seen
    }, Effect.scoped)

    it.effect.each(["none", "aggregate"] as const)("each of ten deliveries sees its own tenant only (%s)", (ordering) =>
      Effect.gen(function* () {
        const seen = yield* handledAs(`tenants-${ordering}`, { isolation: "delivery", ordering })
        assert.sameDeepMembers(
          seen,
          Array.from({ length: 10 }, (_, n) => [undefined, `tenant ${n}`] as const)
        )
      })
    )

    it.effect("without it, a batch shares its transaction, and what a handler sets for it", () =>
      Effect.gen(function* () {
        const seen = yield* handledAs("tenants-batch", {})
        // Unless time was up in between, and the next batch began anew.
        const others = seen.flatMap(([before], n) =>
          before === undefined ? [] : [[before, `tenant ${n - 1}`] as const]
        )
        assert.isNotEmpty(others)
        for (const [before, neighbour] of others) assert.strictEqual(before, neighbour)
      })
    )

    it.effect("a failure repeats nobody else's handler", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("alone")
        const consumer = Consumer.make("alone", { isolation: "delivery", maxAttempts: 1 })
        const runs: Array<number> = []
        const subscriber = (
          handler: (
            event: DomainEvent.DomainEvent<string, { readonly n: number }>
          ) => Effect.Effect<void, unknown, SqlClient.SqlClient>
        ) => Subscriber.make({ consumer, event: Happened, handler })
        yield* Effect.scoped(serve(subscriber(() => Effect.void)))
        const events = yield* Publisher.publishAll(happenings(5))
        yield* serve(
          subscriber((event) =>
            Effect.gen(function* () {
              runs.push(event.payload.n)
              yield* note("alone", event)
              if (event.payload.n === 3) return yield* new NotToday({ why: "three" })
            })
          )
        )
        const processor = yield* Processor
        for (const { id } of events) yield* processor.settled(id)
        assert.deepStrictEqual(runs, [0, 1, 2, 3, 4])
        assert.deepStrictEqual(yield* noted("alone"), [0, 1, 2, 4])
      }).pipe(Effect.scoped)
    )
  })
})

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  layer(runtime(), { excludeTestServices: true, timeout: "60 seconds" })("isolation", (it) => {
    it.effect("a batch handler gets one event per call where its consumer asks for it", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("calls")
        const sizes: Array<number> = []
        yield* serve(
          Subscriber.batch({
            consumer: Consumer.make("calls", { isolation: "delivery" }),
            event: Happened,
            handler: (events) =>
              Effect.sync(() => {
                sizes.push(events.length)
                return events.map(Subscriber.processed)
              })
          })
        )
        const processor = yield* Processor
        for (const { id } of yield* Publisher.publishAll(happenings(4))) yield* processor.settled(id)
        assert.deepStrictEqual(sizes, [1, 1, 1, 1])
      }).pipe(Effect.scoped)
    )

    it.effect("it is refused where it means nothing, and other words are", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("refused")
        const refused = (options: object) =>
          Effect.map(
            Effect.flip(
              Effect.scoped(
                serve(
                  Subscriber.make({
                    consumer: Consumer.make("refused", options),
                    event: Happened,
                    handler: () => Effect.void
                  })
                )
              )
            ),
            ({ message }) => message
          )
        assert.strictEqual(
          yield* refused({ isolation: "serializable" }),
          'Option isolation of consumer "refused" is serializable, expected "batch" or "delivery".'
        )
        assert.strictEqual(
          yield* refused({ mode: "leased", isolation: "delivery" }),
          'Option isolation of consumer "refused" is delivery, expected to be given with mode "transactional" only: leased deliveries have no transaction.'
        )
      })
    )
  })
})
