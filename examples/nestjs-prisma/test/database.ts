import { readFileSync } from "node:fs"
import { Client } from "pg"

/** A database of the tests' own, on the server of DATABASE_URL, with what `prisma migrate deploy` would make there. */
export default async () => {
  const url = new URL(process.env.DATABASE_URL ?? "postgres://localhost/postgres")
  const server = new Client({ connectionString: url.href })
  await server.connect()
  await server.query("DROP DATABASE IF EXISTS nestjs_prisma WITH (FORCE)")
  await server.query("CREATE DATABASE nestjs_prisma")
  await server.end()

  url.pathname = "/nestjs_prisma"
  process.env.DATABASE_URL = url.href
  const database = new Client({ connectionString: url.href })
  await database.connect()
  await database.query(readFileSync("prisma/migrations/20260101000000_init/migration.sql", "utf8"))
  await database.end()
}
