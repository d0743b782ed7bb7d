/** Steps of operations that the database refuses: what is told of them, and to whom. */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, InboxStore, Integration, Operations, Publisher, Subscriber } from "../../src/index.ts"
import { postgres } from "../support/databases.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"

const said: Array<unknown> = []

const noting = Logger.layer([Logger.make(({ message }) => said.push(message))])

const live = Integration.layer({ settings: unpolled }).pipe(Layer.provideMerge(postgres()), Layer.provideMerge(noting))

withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("a step that fails", (it) => {
  it.effect("says which statement it was; the database's own words are in the log, and nowhere else", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { Happened, happenings } = eventsOf("op.refused")
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("op.refused", { maxAttempts: 1 }),
          event: Happened,
          handler: () => Effect.fail("broken")
        })
      )
      yield* Publisher.publishAll(happenings(2))
      const rows = InboxStore.use((inbox) => inbox.findByConsumer("op.refused", undefined, 10))
      yield* until(rows, (found) => found.length === 2 && found.every(({ isOpen }) => !isOpen))
      yield* sql.unsafe(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'card 4111-1111'; END $$"
      )
      yield* sql`CREATE TRIGGER refuse BEFORE UPDATE ON inbox_event FOR EACH ROW EXECUTE FUNCTION refuse()`
      const operations = yield* Operations
      const { id } = yield* operations.start({ kind: "requeue", filter: { consumer: "op.refused" } })
      const failed = yield* until(operations.get(id), ({ lastError }) => lastError !== null)
      assert.strictEqual(failed.lastError, "StoreError: deadLetters.requeue")
      const words = said.flat().map((each) => String(each))
      assert.isTrue(
        words.some((each) => each.includes("card 4111-1111")),
        words.join("\n")
      )
    })
  )
})
