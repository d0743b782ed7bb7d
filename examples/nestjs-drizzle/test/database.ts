import { drizzle } from "drizzle-orm/node-postgres"
import { migrate } from "drizzle-orm/node-postgres/migrator"
import { Client } from "pg"

/** A database of the tests' own, on the server of DATABASE_URL, with its migrations. */
export default async () => {
  const url = new URL(process.env.DATABASE_URL ?? "postgres://localhost/postgres")
  const server = new Client({ connectionString: url.href })
  await server.connect()
  await server.query("DROP DATABASE IF EXISTS nestjs_drizzle WITH (FORCE)")
  await server.query("CREATE DATABASE nestjs_drizzle")
  await server.end()

  url.pathname = "/nestjs_drizzle"
  process.env.DATABASE_URL = url.href
  const database = new Client({ connectionString: url.href })
  await database.connect()
  await migrate(drizzle(database), { migrationsFolder: "drizzle" })
  await database.end()
}
