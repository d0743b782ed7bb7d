/** A password that is wrong, at a server that asks for one. */
import { readFile, writeFile } from "node:fs/promises"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import pg from "pg"
import { assert, it } from "vitest"
import { Integration } from "../../src/index.ts"
import { startPostgres } from "../support/postgres.ts"

/** Has the server ask one user for a password. */
const askFor = async (url: string, user: string, password: string) => {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`)
  const { rows } = await client.query("SHOW hba_file")
  const rules = await readFile(rows[0].hba_file, "utf8")
  await writeFile(rows[0].hba_file, `host all ${user} 127.0.0.1/32 scram-sha-256\n${rules}`)
  await client.query("SELECT pg_reload_conf()")
  await client.end()
}

it("is told at once, with where it was wrong, and without the password", async () => {
  const server = await startPostgres()
  try {
    await askFor(server.url, "app", "right")
    const url = `postgres://app:wrong@127.0.0.1:${server.port}/postgres`
    const start = Layer.build(
      Integration.layer({ waitForDatabase: "10 minutes" }).pipe(
        Layer.provide(PgClient.layer({ url: Redacted.make(url) }))
      )
    )
    const error = await Effect.runPromise(Effect.flip(Effect.scoped(start)))
    assert.strictEqual(
      error.message,
      `connect: PostgreSQL cannot be reached at 127.0.0.1:${server.port}, database "postgres", as "app": password authentication failed for user "app". Nothing was tried again, as this does not pass by itself: look at the configuration of the PgClient, and at what the server allows.`
    )
    assert.isFalse((error as { readonly isRetryable?: boolean }).isRetryable)
  } finally {
    await server.stop()
  }
}, 60_000)
