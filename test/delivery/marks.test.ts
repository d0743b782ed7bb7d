/** Handlers after which the engine's marks miss their rows: nothing commits without them. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { databases } from "../support/databases.ts"
import { deliveries, eventsOf, note, noted, serve, services } from "../support/scenario.ts"

describe.each(databases)("on $name", ({ layer: database }) => {
  layer(services(database), { excludeTestServices: true, timeout: "60 seconds" })("marks", (it) => {
    it.effect.each(["succeeds", "skips"] as const)(
      "a handler after which marks miss their rows commits nothing, and is a dead letter: it %s",
      (way) =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const name = `marks-${way.split(" ")[0]}`
          const { Happened, happenings } = eventsOf(name)
          let runs = 0
          yield* serve(
            Subscriber.make({
              consumer: Consumer.make(name, { maxAttempts: 2 }),
              event: Happened,
              handler: Effect.fn(function* (event) {
                yield* note(name, event)
                if (event.payload.n !== 1) return
                runs++
                yield* sql`UPDATE inbox_event SET status = 'skipped' WHERE outbox_event_id = ${event.id}::uuid`
                if (way === "skips") yield* Subscriber.skip("not today")
              })
            })
          )
          const events = yield* Publisher.publishAll(happenings(3))
          const processor = yield* Processor
          for (const { id } of events) yield* processor.settled(id)
          assert.deepStrictEqual(yield* noted(name), [0, 2])
          const rows = yield* deliveries(name)
          assert.deepStrictEqual(
            rows.map(({ attempts, status, tag }) => [status, attempts, tag]),
            [
              ["processed", 1, null],
              ["dead_letter", 2, "StoreError"],
              ["processed", 1, null]
            ]
          )
          assert.include(rows[1]?.error ?? "", "could not be marked")
          assert.isAtLeast(runs, 2)
        }),
      30_000
    )
  })
})
