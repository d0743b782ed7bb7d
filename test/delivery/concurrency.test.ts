/**
 * As many handlers at once as a consumer has workers.
 *
 * A handler goes on when as many as there are workers have begun with it, and takes longer than a batch may: whoever
 * claims what another worker could begin with, or leaves one asleep beside work, keeps all of them waiting until their
 * timeout. Seen failing with the wake-up after a claim off (`worker.ts`), with claims that take all there is (`crew.ts`),
 * and with drains whose workers end at the first empty claim (`drain.ts`).
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Latch, Layer } from "effect"
import { Consumer, type DomainEvent, Integration, Processor, Publisher, Subscriber } from "../../src/index.ts"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { postgres } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

const settings = { ...unpolled, maxAttempts: 1 }
const live = Integration.layer({ settings })
const memory = Integration.layerMemory({ settings: { maxAttempts: 1 } })
const onPostgres = (workers: number) => Layer.provide(live, postgres({ maxConnections: 2 * workers + 2 }))

interface Runtime {
  readonly name: string
  readonly mode: Consumer.Mode
  readonly ordering: Consumer.Ordering
  readonly layer: (workers: number) => Layer.Layer<Publisher | Processor, unknown>
}

const runtimes: ReadonlyArray<Runtime> = [
  { name: "PostgreSQL", mode: "transactional", ordering: "none", layer: onPostgres },
  { name: "PostgreSQL", mode: "leased", ordering: "none", layer: onPostgres },
  { name: "PostgreSQL", mode: "transactional", ordering: "aggregate", layer: onPostgres },
  { name: "PostgreSQL", mode: "leased", ordering: "aggregate", layer: onPostgres },
  // A PGlite has one session, so transactional handlers come one after the other there.
  { name: "PGlite", mode: "leased", ordering: "none", layer: () => Layer.provide(live, PgLite.layerMemory) },
  { name: "memory", mode: "transactional", ordering: "none", layer: () => memory },
  { name: "memory", mode: "leased", ordering: "none", layer: () => memory },
  { name: "memory", mode: "transactional", ordering: "aggregate", layer: () => memory }
]

/** A handler that goes on when `wanted` have begun, and takes longer than a batch may. */
const inRanks = (wanted: number) => {
  let running = 0
  let rank = Latch.makeUnsafe()
  return Effect.fnUntraced(function* () {
    const mine = rank
    if (++running === wanted) {
      running = 0
      rank = Latch.makeUnsafe()
      yield* mine.open
    }
    yield* mine.await
    yield* Effect.sleep("120 millis")
  })
}

const ranks = 3

/** Deliveries of a consumer by their status, once all that was published is settled. */
const outcomes = Effect.fnUntraced(function* (events: ReadonlyArray<{ readonly id: string }>) {
  const settled = yield* Effect.forEach(events, ({ id }) => Processor.use((_) => _.settled(id)))
  return settled.flat().map(({ status }) => status)
})

const list = (publications: ReadonlyArray<DomainEvent.Publication.Any>) => Publisher.publishAll(publications)

const oneByOne = (publications: ReadonlyArray<DomainEvent.Publication.Any>) =>
  Effect.forEach(publications, (publication) => Effect.map(Publisher.publishAll([publication]), ([event]) => event!))

describe.each(runtimes)("$mode on $name, ordering $ordering", ({ layer, mode, ordering }) => {
  describe.each([4, 16])("%i workers", (workers) => {
    const declared = (name: string) => {
      const { Happened, happenings } = eventsOf(name)
      const consumer = Consumer.make(name, { concurrency: workers, mode, ordering, timeout: "15 seconds" })
      const subscriber = Subscriber.make({ consumer, event: Happened, handler: inRanks(workers) })
      return { subscriber, publications: happenings(workers * ranks) }
    }
    const processed = Array.from({ length: workers * ranks }, () => "processed")

    it.live.each([
      ["a list", list],
      ["events one by one", oneByOne]
    ] as const)("all of them handle %s", ([, publish]) =>
      Effect.gen(function* () {
        const { publications, subscriber } = declared("awake")
        yield* serve(subscriber)
        assert.deepStrictEqual(yield* outcomes(yield* publish(publications)), processed)
      }).pipe(Effect.scoped, Effect.provide(layer(workers)))
    )

    it.live("all of them handle what was there at the start", () =>
      Effect.gen(function* () {
        const { publications, subscriber } = declared("start")
        yield* Effect.scoped(serve(subscriber))
        const events = yield* list(publications)
        yield* serve(subscriber)
        assert.deepStrictEqual(yield* outcomes(events), processed)
      }).pipe(Effect.scoped, Effect.provide(layer(workers)))
    )
  })
})
