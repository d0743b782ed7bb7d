/** Several calls at once in one transaction, and transactions that are open before anything else is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import pg from "pg"
import { inject } from "vitest"
import { Processor, publisherIn } from "../../src/index.ts"
import { pgClient } from "../../src/pg.ts"
import { createIntegration } from "../../src/promise.ts"
import { inTheirs, withApplication } from "../support/applications.ts"
import { uniqueSchema } from "../support/databases.ts"
import { eventsOf, noted, noting, serve } from "../support/scenario.ts"
import { clientKinds } from "../support/transactionClients.ts"

describe.each(clientKinds)("%s", (name) => {
  it.live("lists and events that are published at once in one transaction are all there", () =>
    Effect.gen(function* () {
      const { Happened, happenings } = eventsOf("together")
      yield* serve(noting("together", Happened))
      const all = yield* inTheirs(async (tx, run) => {
        const publisher = publisherIn(tx)
        const lists = await Promise.all([
          run(publisher.publishAll(happenings(1100))),
          run(Effect.flip(publisher.publishEvents([{ eventName: "" } as never]))),
          run(publisher.publishAll(happenings(1100))),
          run(publisher.publish(Happened, { n: 5 })),
          run(publisher.publish(Happened, { n: 6 }))
        ])
        return lists.flat()
      })
      assert.lengthOf(all, 2203)
      yield* Processor.use((processor) => processor.allSettled())
      assert.lengthOf(yield* noted("together"), 2202)
    }).pipe(Effect.scoped, Effect.provide(withApplication(name)))
  )
})

it("who publishes before a start may have all connections of its pool in use", async () => {
  const schema = uniqueSchema()
  const url = inject("postgresUrl")
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  const { Happened } = eventsOf("first")
  await using integration = createIntegration({ url, schema, client: pgClient(pool) })
  const publish = async (n: number) => {
    const tx = await pool.connect()
    await tx.query("BEGIN")
    const event = await integration.publisherIn(tx).publish(Happened, { n })
    await tx.query("COMMIT")
    tx.release()
    return event
  }
  assert.lengthOf(await Promise.all([publish(1), publish(2)]), 2)
  await pool.query(`DROP SCHEMA ${schema} CASCADE`)
  await integration.stop()
  await pool.end()
})
