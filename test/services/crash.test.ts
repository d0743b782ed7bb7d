/** A process that is killed in handlers of the reference's names: what they did is not there, and another process handles their deliveries. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { assert, inject, it } from "vitest"
import { Consumer } from "../../src/index.ts"
import { createServices, LinkType } from "../../src/services.ts"
import { start } from "../support/children.ts"
import { clientFor, uniqueSchema } from "../support/databases.ts"

/** A url that leads to a schema of its own. */
const withSchema = async (use: (url: string) => Promise<void>) => {
  const schema = uniqueSchema()
  const run = (statement: string) =>
    Effect.runPromise(SqlClient.SqlClient.use((sql) => sql.unsafe(statement)).pipe(Effect.provide(clientFor("public"))))
  await run(`CREATE SCHEMA ${schema}`)
  await use(`${inject("postgresUrl")}?options=${encodeURIComponent(`-c search_path=${schema}`)}`)
  await run(`DROP SCHEMA ${schema} CASCADE`)
}

const settings = { processingLeaseMs: 1000, pollingIntervalMs: 200, idlePollingIntervalMs: 200, retryBaseDelayMs: 100 }

it("nothing of an attempt is there whose process was killed, and its deliveries are handled once more", () =>
  withSchema(async (url) => {
    await using services = createServices({ url, settings })
    // The tables, and the subscriptions of a process that runs no more.
    await services.processor.getStats()
    const killed = Effect.gen(function* () {
      const child = yield* start("services", { TEST_DATABASE: url })
      yield* child.message("ready")
      const { id } = yield* Effect.promise(() => services.publisher.publishEvent("crash", "crash", "Thing", "t1"))
      const modes = [yield* child.message("handling"), yield* child.message("handling")].map(({ mode }) => mode)
      yield* child.kill("SIGKILL")
      return { id, modes }
    })
    const { id, modes } = await Effect.runPromise(Effect.scoped(killed))
    assert.sameMembers(modes, ["leased", "transactional"])
    assert.strictEqual(await services.links.countFromModule("crash"), 0)
    assert.strictEqual((await services.processor.getStats()).total, 1)
    for (const mode of ["leased", "transactional"] as const) {
      services.registry.subscribe("crash", Consumer.make(`crash.${mode}`, { mode }), async (event, { linkService }) => {
        await linkService.createLink({
          sourceModule: "crash",
          sourceEntityType: mode,
          sourceEntityId: "finished",
          targetModule: "crash",
          targetEntityType: "Thing",
          targetEntityId: event.aggregateId,
          linkType: LinkType.REFERENCE
        })
      })
    }
    await services.start()
    const deliveries = await services.integration.settled(id, { timeout: "40 seconds" })
    assert.deepStrictEqual(
      deliveries.map(({ consumer, status }) => [consumer, status]),
      [
        ["crash.leased", "processed"],
        ["crash.transactional", "processed"]
      ]
    )
    // The attempt of a lease is counted when it begins.
    assert.strictEqual(deliveries[0]?.attemptCount, 2)
    const links = await services.links.findInbound("crash", "Thing", "t1")
    assert.deepStrictEqual(
      links.map(({ sourceEntityId, sourceEntityType }) => [sourceEntityType, sourceEntityId]).toSorted(),
      [
        ["leased", "finished"],
        ["transactional", "finished"]
      ]
    )
  }))
