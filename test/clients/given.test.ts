/** What is no client of its kind is refused where it is given, with what is needed. */
import { assert, it } from "@effect/vitest"
import { drizzle } from "drizzle-orm/node-postgres"
import knex from "knex"
import { Kysely, PostgresDialect } from "kysely"
import { Client, Pool } from "pg"
import { drizzleClient } from "../../src/drizzle.ts"
import { knexClient } from "../../src/knex.ts"
import { kyselyClient } from "../../src/kysely.ts"
import { pgClient } from "../../src/pg.ts"
import { postgresClient } from "../../src/postgres.ts"
import { prismaClient } from "../../src/prisma.ts"

const needed = {
  pgClient: "a Pool of pg: new Pool({ connectionString })",
  postgresClient: "what postgres(url) gives",
  knexClient: 'what knex({ client: "pg", connection }) gives',
  kyselyClient: "a Kysely: new Kysely({ dialect })",
  drizzleClient: "what drizzle(pool) gives",
  prismaClient: "a PrismaClient: new PrismaClient({ adapter })"
}

const makers = { pgClient, postgresClient, knexClient, kyselyClient, drizzleClient, prismaClient }

it.each(Object.entries(makers))("%s", (name, make) => {
  const sentence = needed[name as keyof typeof needed]
  for (const [given, what] of [
    [undefined, "undefined"],
    [null, "null"],
    ["postgres://localhost", "string"],
    [{}, "Object"],
    [new Client(), "Client"]
  ] as const) {
    assert.throws(
      () => (make as (given: unknown) => unknown)(given),
      TypeError,
      `${name}: ${sentence} is needed, not ${what}`
    )
  }
})

it("a pool whose values come in binary is refused, as no statement can ask for texts there", () => {
  const pool = new Pool({ binary: true } as object)
  const binary = /^TypeError: \w+Client: values have to come as texts\. Leave out binary: true of the Pool\.$/
  for (const make of [
    () => pgClient(pool),
    () => drizzleClient(drizzle(pool)),
    () => kyselyClient(new Kysely({ dialect: new PostgresDialect({ pool }) }), { pool }),
    () => knexClient(knex({ client: "pg", connection: { binary: true } as object }))
  ]) {
    let said: unknown
    try {
      make()
    } catch (error) {
      said = error
    }
    assert.match(String(said), binary)
  }
})
