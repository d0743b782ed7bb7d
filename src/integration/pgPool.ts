/**
 * Connecting as a pool of node-postgres does, for applications that have one.
 *
 * @internal
 */
import type { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"

/** A `Pool` of node-postgres (`pg`), or what looks like one. @since 0.1.0 */
export interface PgPool {
  readonly options: object
  readonly connect: (...given: ReadonlyArray<never>) => unknown
}

type Password = string | (() => string | PromiseLike<string>) | undefined | null

/** What `pg` makes of a pool's options, its environment and its defaults: a client knows before it is connected. */
interface Connecting {
  readonly host: string
  readonly port: number
  readonly user?: string
  readonly database?: string
  readonly password?: Password
  readonly ssl?: PgClient.PgClientConfig["ssl"]
  readonly connectionParameters?: { readonly options?: string; readonly application_name?: string }
}

interface Pool {
  readonly Client: new (options: object) => Connecting
  readonly options: {
    readonly max?: number
    readonly idleTimeoutMillis?: number
    readonly connectionTimeoutMillis?: number
  }
}

const isPool = (pool: unknown): pool is Pool => {
  const { Client, connect, options } = Object(pool)
  return typeof Client === "function" && typeof connect === "function" && Object(options) === options
}

/** One that is asked for is asked for each connection. */
const passwordOf = (password: Password): PgClient.PgClientConfig["password"] =>
  typeof password === "function"
    ? Effect.map(
        Effect.promise(async () => password()),
        (text) => Redacted.make(text)
      )
    : typeof password === "string"
      ? Redacted.make(password)
      : undefined

const defined = <A extends object>(given: A) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ""))

/**
 * How a pool connects: the server, its user and database, TLS, `options`, and how many connections it has at most. Nothing is taken of
 * the pool itself, nor is it closed.
 *
 * Throws `InvalidOption` for what is no pool.
 */
export const configOf = (pool: unknown): PgClient.PgPoolConfig => {
  if (!isPool(pool)) {
    throw new InvalidOption({
      option: "pool of createIntegration",
      value: typeof pool,
      expected: "a Pool of node-postgres: new Pool({ connectionString })"
    })
  }
  const { connectionTimeoutMillis, idleTimeoutMillis, max } = pool.options
  const { connectionParameters, database, host, password, port, ssl, user } = new pool.Client(pool.options)
  return defined({
    host,
    port,
    username: user,
    database,
    password: passwordOf(password),
    // `pg` says false for none.
    ssl: ssl === false ? undefined : ssl,
    startupOptions: connectionParameters?.options,
    applicationName: connectionParameters?.application_name,
    maxConnections: max,
    // To `pg`, zero is no limit.
    connectTimeout: connectionTimeoutMillis === 0 ? undefined : connectionTimeoutMillis,
    idleTimeout: idleTimeoutMillis === 0 ? undefined : idleTimeoutMillis
  })
}
