/** The reference's services in transactions that the application opened, and in those of its client that handlers run in. */
import pg from "pg"
import { assert, describe, inject, it } from "vitest"
import { Consumer } from "../../src/index.ts"
import { pgClient } from "../../src/pg.ts"
import { createServices, LinkType, type SubscriberContext } from "../../src/services.ts"
import { uniqueSchema } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

/** Services over a client of `pg`, in a schema of their own. */
const started = async () => {
  const schema = uniqueSchema()
  const url = inject("postgresUrl")
  const pool = new pg.Pool({ connectionString: url, max: 4, options: `-c search_path=${schema}` })
  pool.on("error", () => undefined)
  const settings = { ...unpolled, retryBaseDelayMs: 100 }
  const services = createServices({ url, schema, client: pgClient(pool), settings, logger: false })
  await services.start()
  await pool.query("CREATE TABLE task (title text NOT NULL)")
  return {
    pool,
    services,
    inTransaction: async (body: (tx: pg.PoolClient) => Promise<unknown>, end: "COMMIT" | "ROLLBACK") => {
      const tx = await pool.connect()
      try {
        await tx.query("BEGIN")
        await body(tx)
        await tx.query(end)
      } finally {
        tx.release()
      }
    },
    [Symbol.asyncDispose]: async () => {
      await services.stop()
      await pool.query(`DROP SCHEMA ${schema} CASCADE`)
      await pool.end()
    }
  }
}

const event = (aggregateId: string) => ({
  eventName: "invoice.created",
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId,
  correlationId: "shop"
})

const entity = (entityId: string) => ({ module: "finance", entityType: "Invoice", entityId })

describe("services in transactions of a client", () => {
  it("publish and link exactly what the application commits", async () => {
    await using all = await started()
    const { links, outbox, publisher } = all.services
    for (const end of ["ROLLBACK", "COMMIT"] as const) {
      await all.inTransaction(async (tx) => {
        await all.services.publisherIn(tx).publishEvent(event("typed"))
        await publisher.publishEvent(event("reference"), { persistenceClient: tx })
        await outbox.createEvent(event("outbox"), tx)
        await all.services.linksIn(tx).create({ source: entity("a"), target: entity("b"), linkType: "reference" })
        const ids = { sourceEntityId: "a", targetEntityId: "c" }
        const types = { sourceEntityType: "Invoice", targetEntityType: "Invoice", linkType: LinkType.REFERENCE }
        await links.createLink({ ...ids, ...types, sourceModule: "finance", targetModule: "finance" }, tx)
        assert.lengthOf(await all.services.linksIn(tx).findOutbound(entity("a")), 2)
      }, end)
      const isThere = end === "COMMIT"
      assert.strictEqual((await all.services.processor.getStats()).total, isThere ? 3 : 0)
      assert.lengthOf(await links.findOutbound("finance", "Invoice", "a"), isThere ? 2 : 0)
    }
  })

  it("give handlers that are transactional its transaction, which services join, also when it is named", async () => {
    await using all = await started()
    const { integration, outbox, registry } = all.services
    const consumerName = Consumer.make("tasks", { mode: "transactional" })
    const onCreated = async (
      { attempt, deliveryId }: { attempt: number; deliveryId: string },
      { tx }: SubscriberContext
    ) => {
      await tx.query("INSERT INTO task (title) VALUES ($1)", [deliveryId])
      await all.services.publisherIn(tx).publishEvent({ ...event("followed"), eventName: "task.created" })
      if (attempt === 1) throw new Error("again")
    }
    registry.subscribe("invoice.created", consumerName, onCreated)
    const contexts: Array<unknown> = []
    registry.subscribe("task.created", "leased", async ({ causationId, correlationId }) => {
      contexts.push({ causationId, correlationId })
    })
    await all.services.start()
    const published = await all.services.publisher.publishEvent(event("first"))
    const [delivery] = await integration.settled(published.id, { timeout: "20 seconds" })
    assert.deepInclude(delivery, { status: "processed", attemptCount: 2 })
    const { rows } = await all.pool.query("SELECT title FROM task")
    assert.deepEqual(rows, [{ title: delivery?.deliveryId }])
    await integration.allSettled(["leased"])
    assert.deepEqual(contexts, [{ causationId: published.id, correlationId: "shop" }])
    assert.strictEqual((await outbox.getById(published.id))?.status, "processed")
  })
})
