/** Failures of the engine's statements that an application of `postgres` catches in its own `sql.begin`: its transaction says what became of it. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { DomainEvent, publisherIn } from "../../src/index.ts"
import { inTheirs, stored, withApplication, written } from "../support/applications.ts"
import { eventsOf } from "../support/scenario.ts"

const { Followed, Happened } = eventsOf("caught")

/** The server refuses one of the events. */
const refusing = SqlClient.SqlClient.use(
  (sql) => sql`ALTER TABLE integration_event ADD CONSTRAINT refused CHECK (event_name <> 'caught.happened')`
)

describe.each(["postgres", "Drizzle over postgres"])("%s", (name) => {
  layer(withApplication(name), { excludeTestServices: true, timeout: "60 seconds" })("in their transaction", (it) => {
    it.effect("an event that the server refused takes the transaction with it, a long list only itself", () =>
      Effect.gen(function* () {
        yield* refusing
        const refused = yield* inTheirs(async (tx, run, app) => {
          await app.write(tx, { name: "alone", n: 1 })
          await run(Effect.flip(publisherIn(tx).publish(Happened, { n: 1 })))
        }).pipe(Effect.flip)
        assert.strictEqual(Object(refused).code, "23514")
        assert.isEmpty(yield* written("alone"))
        // Of more than one statement, so that it has a savepoint.
        const list = [
          ...Array.from({ length: 1200 }, (_, n) => DomainEvent.publication(Followed, { n })),
          DomainEvent.publication(Happened, { n: 2 })
        ]
        yield* inTheirs(async (tx, run, app) => {
          await app.write(tx, { name: "list", n: 1 })
          await run(Effect.flip(publisherIn(tx).publishAll(list)))
          await run(publisherIn(tx).publish(Followed, { n: 3 }))
          await app.write(tx, { name: "list", n: 2 })
        })
        assert.deepStrictEqual(yield* written("list"), [1, 2])
        assert.deepStrictEqual(yield* stored(Followed.name), [3])
      })
    )
  })
})
