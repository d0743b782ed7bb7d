/** Events with a key, which are stored once; on every store alike. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { DomainEvent, Processor, Publisher, Transactor } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { logged, logging, untilStatuses } from "../support/mailboxes.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

describe.each(runtimes)("on $name", ({ layer }) => {
  const live = layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("publishing options", (it) => {
    it.effect("a key makes an event once: publishing again returns the first, and writes nothing", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("keyed")
        const processor = yield* Processor
        const log: Array<number> = []
        yield* serve(logging("keyed", Happened, log))
        // Nothing is handled yet, so that statuses are those of the publishing.
        yield* processor.pause("keyed")
        const keyed = { dedupeKey: "order-1", metadata: { a: 1 }, correlationId: "c" }
        const first = yield* Publisher.publish(Happened, { n: 1 }, keyed)
        const second = yield* Publisher.publish(Happened, { n: 2 }, { dedupeKey: "order-1" })
        assert.deepStrictEqual(second, { ...first, isDuplicate: true })
        assert.isFalse(first.isDuplicate)
        const other = yield* Publisher.publish(Followed, { n: 3 }, { dedupeKey: "order-1" })
        assert.isFalse(other.isDuplicate)
        const list = yield* Publisher.publishAll([
          DomainEvent.publication(Happened, { n: 4 }, { dedupeKey: "z" }),
          DomainEvent.publication(Happened, { n: 5 }),
          DomainEvent.publication(Happened, { n: 6 }, { dedupeKey: "order-1" }),
          DomainEvent.publication(Happened, { n: 7 }, { dedupeKey: "a" }),
          DomainEvent.publication(Happened, { n: 8 }, { dedupeKey: "z" })
        ])
        assert.deepStrictEqual(
          list.map((event) => [event.payload.n, event.isDuplicate]),
          [
            [4, false],
            [5, false],
            [1, true],
            [7, false],
            [4, true]
          ]
        )
        assert.strictEqual(list[4].id, list[0].id)
        assert.isTrue(list[0].position < list[1].position && list[1].position < list[3].position)
        yield* processor.resume("keyed")
        yield* processor.drain
        yield* untilStatuses("keyed", ["processed", "processed", "processed", "processed"])
        yield* logged(log, [1, 4, 5, 7])
      })
    )

    it.effect("a key that was rolled back is free again, and of many at once one wins", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("race")
        const publish = (n: number) => Publisher.publish(Happened, { n }, { dedupeKey: "only" })
        yield* publish(0).pipe(Effect.andThen(Effect.fail("no")), Transactor.withTransaction, Effect.ignore)
        const all = yield* Effect.forEach([1, 2, 3, 4, 5], publish, { concurrency: "unbounded" })
        assert.lengthOf(new Set(all.map((event) => event.id)), 1)
        assert.lengthOf(
          all.filter((event) => !event.isDuplicate),
          1
        )
        assert.notStrictEqual(all[0]?.payload.n, 0)
      })
    )
  })
})
