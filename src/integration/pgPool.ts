/**
 * Connecting as a pool of node-postgres does, for applications that have one.
 *
 * @internal
 */
import type { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, Schedule } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { describe } from "../errors/errorText.ts"

/** A `Pool` of node-postgres (`pg`), or what looks like one. @since 0.1.0 */
export interface PgPool {
  readonly options: object
  readonly connect: (...given: ReadonlyArray<never>) => unknown
}

type Password = string | ((parameters: unknown) => string | PromiseLike<string>) | undefined | null

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
    readonly stream?: unknown
    readonly max?: number
    readonly idleTimeoutMillis?: number
    readonly connectionTimeoutMillis?: number
  }
}

const isPool = (pool: unknown): pool is Pool => {
  const { Client, connect, options } = Object(pool)
  return typeof Client === "function" && typeof connect === "function" && Object(options) === options
}

/** How often a password is asked for again, and how long after. */
const again = { times: 5, schedule: Schedule.spaced("1 second") }

/** One that is asked for is asked for each connection, as `pg` asks. */
const passwordOf = ({ connectionParameters, password }: Connecting): PgClient.PgClientConfig["password"] =>
  typeof password === "function"
    ? Effect.tryPromise({
        try: async () => Redacted.make(await password(connectionParameters)),
        catch: (error) => new Error(`The password function of the pool failed: ${describe(error).text}`)
      }).pipe(Effect.retry(again), Effect.orDie)
    : typeof password === "string"
      ? Redacted.make(password)
      : undefined

/** `pg` says false for none, and hides the key from who lists what there is. */
const tlsOf = (ssl: PgClient.PgClientConfig["ssl"]): PgClient.PgClientConfig["ssl"] => {
  if (ssl === false) return undefined
  return typeof ssl === "object" && ssl !== null ? { ...ssl, ...(ssl.key === undefined ? {} : { key: ssl.key }) } : ssl
}

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
  const { connectionTimeoutMillis, idleTimeoutMillis, max, stream } = pool.options
  if (stream !== undefined) {
    throw new InvalidOption({
      option: "stream of the pool of createIntegration",
      value: typeof stream,
      expected: "none, as the connections are the integration's own: say where to connect with { url }"
    })
  }
  const client = new pool.Client(pool.options)
  const { connectionParameters, database, host, port, ssl, user } = client
  return defined({
    host,
    port,
    username: user,
    database,
    password: passwordOf(client),
    ssl: tlsOf(ssl),
    startupOptions: connectionParameters?.options,
    applicationName: connectionParameters?.application_name,
    maxConnections: max,
    // To `pg`, zero is no limit.
    connectTimeout: connectionTimeoutMillis === 0 ? undefined : connectionTimeoutMillis,
    idleTimeout: idleTimeoutMillis === 0 ? undefined : idleTimeoutMillis
  })
}
