/** An integration that connects as a pool of node-postgres does. */
import { Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import pg from "pg"
import { assert, describe, inject, it } from "vitest"
import { configOf } from "../../src/integration/pgPool.ts"
import { createIntegration, subscriber } from "../../src/promise.ts"
import { clientFor, uniqueSchema } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const subscribers = [subscriber({ consumer: "pooled", event: "pooled", handler: () => {} })]

const event = { eventName: "pooled", sourceModule: "tests", aggregateType: "Thing", aggregateId: "1" }

/** Publishes and handles one event with a pool's settings, and looks for it by the pool itself. */
const works = async (configOf: (url: URL, schema: string) => pg.PoolConfig) => {
  const schema = uniqueSchema()
  const run = (statement: string) =>
    Effect.runPromise(SqlClient.SqlClient.use((sql) => sql.unsafe(statement)).pipe(Effect.provide(clientFor("public"))))
  await run(`CREATE SCHEMA ${schema}`)
  const pool = new pg.Pool(configOf(new URL(inject("postgresUrl")), schema))
  {
    await using integration = createIntegration({ pool, subscribers, settings: unpolled })
    await integration.start()
    const { id } = await integration.publishEvent(event)
    const [delivery] = await integration.settled(id, { timeout: "20 seconds" })
    assert.strictEqual(delivery?.status, "processed")
  }
  const { rows } = await pool.query(`SELECT status FROM ${schema}.outbox_event`)
  assert.deepStrictEqual(rows, [{ status: "processed" }])
  await pool.end()
  await run(`DROP SCHEMA ${schema} CASCADE`)
}

const searching = (schema: string) => `-c search_path=${schema}`

describe("a pool of pg", () => {
  it("by a connection string", () =>
    works((url, schema) => ({ connectionString: `${url.href}?options=${encodeURIComponent(searching(schema))}` })))

  it("by its parts, with a password that is asked for", () =>
    works(({ hostname, password, pathname, port, username }, schema) => ({
      host: hostname,
      port: Number(port),
      user: username,
      password: (async ({ user }: { user: string }) => `${user}${decodeURIComponent(password)}`) as never,
      database: pathname.slice(1),
      options: searching(schema),
      max: 4,
      ssl: false,
      application_name: "billing"
    })))

  it("with settings that do not go is told as PgClient is", async () => {
    const pool = new pg.Pool({ connectionString: inject("postgresUrl"), max: 1 })
    await using integration = createIntegration({ pool })
    const refused = await integration.start().catch((error: Error) => error.message)
    assert.strictEqual(
      refused,
      "Option maxConnections of PgClient is 1, expected at least 2: a batch of deliveries holds one."
    )
    await pool.end()
  })

  it("hands on the key of its certificate, and fails as its password does", async () => {
    const { ssl } = configOf(new pg.Pool({ ssl: { cert: "a certificate", key: "its key" } }))
    assert.deepStrictEqual(ssl, { cert: "a certificate", key: "its key" } as never)
    const pool = new pg.Pool({ host: "db", password: () => Promise.reject(new Error("no token")) })
    const { password } = configOf(pool)
    assert.isTrue(Effect.isEffect(password))
    const exit = Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.exit(password as Effect.Effect<unknown>))
      yield* TestClock.adjust("10 seconds")
      return yield* Fiber.join(fiber)
    }).pipe(Effect.provide(TestClock.layer()))
    assert.include(String(await Effect.runPromise(exit)), "The password function of the pool failed: Error: no token")
  })

  it("that connects by a stream of its own is refused", () => {
    assert.throws(
      () => createIntegration({ pool: new pg.Pool({ stream: () => undefined as never }) }),
      "Option stream of the pool of createIntegration is function, expected none, as the connections are the integration's own: say where to connect with { url }."
    )
  })

  it("is told from what is none", () => {
    assert.throws(
      () => createIntegration({ pool: {} as never }),
      "Option pool of createIntegration is object, expected a Pool of node-postgres: new Pool({ connectionString })."
    )
  })
})
