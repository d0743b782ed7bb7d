/**
 * The first connection: waits for a database that starts a moment later than its application, and says what is wrong with one
 * that cannot be reached.
 *
 * @internal
 */
import { PgClient } from "@effect/sql-pg"
import { Clock, Duration, Effect, Redacted } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { databaseWords } from "../../errors/errorText.ts"
import { StoreError } from "../../errors/StoreErrors.ts"
import { isPassing } from "../../errors/sqlState.ts"
import { SqlCapabilities } from "../../stores/SqlCapabilities.ts"
import { steadyMillisUnsafe } from "../../stores/steadyMillis.ts"
import { untraced } from "../../telemetry/tracing.ts"

/** Time between two attempts. */
const pause = "500 millis"

/** Parts of a URL, as the client reads them; of one that it cannot read, nothing. */
const parsed = (url: string | undefined) => {
  if (url === undefined || !URL.canParse(url)) return {}
  const { hostname, pathname, port, searchParams, username } = new URL(url)
  try {
    return {
      host: searchParams.get("host") ?? decodeURIComponent(hostname),
      port: searchParams.get("port") ?? port,
      user: searchParams.get("user") ?? decodeURIComponent(username),
      database: searchParams.get("dbname") ?? decodeURIComponent(pathname.slice(1))
    }
  } catch {
    return {}
  }
}

/** Where the client connects to, without its password. */
const placeOf = (config: PgClient.PgPoolConfig): string => {
  const url = parsed(config.url === undefined ? undefined : Redacted.value(config.url))
  const host = config.path ?? config.host ?? (url.host || "localhost")
  const port = config.path === undefined ? `:${config.port ?? (url.port || 5432)}` : ""
  const user = config.username ?? (url.user || process.env.USER) ?? ""
  const database = config.database ?? (url.database || user)
  return `${host}${port}, database "${database}", as "${user}"`
}

/** What went wrong, in the words of whoever said so: of several addresses of a host, of each. */
const wordsOf = (error: SqlError.SqlError): string => {
  const { cause } = error.reason
  return cause instanceof AggregateError ? cause.errors.map(String).join(", ") : databaseWords(error)
}

/** How somebody is told: what they can do about it, and that it is tried again. */
export interface Voice {
  readonly advice: (error: SqlError.SqlError, isRetryable: boolean) => string
  readonly trying: (reason: string, time: string) => string
}

/** To whoever wrote the client's options. */
const toApplication: Voice = {
  advice: (_, isRetryable) =>
    isRetryable
      ? "Is it running, and do host and port of the PgClient lead there?"
      : "Nothing was tried again, as this does not pass by itself: look at the configuration of the PgClient, and at what the server allows.",
  trying: (reason, time) => `${reason} Trying again for ${time}.`
}

const failed = (error: SqlError.SqlError, config: PgClient.PgPoolConfig, { advice }: Voice): StoreError => {
  const isRetryable = isPassing(error)
  return new StoreError({
    operation: "connect",
    reason: `PostgreSQL cannot be reached at ${placeOf(config)}: ${wordsOf(error)}. ${advice(error, isRetryable)}`,
    isRetryable,
    // Its own words are in the reason; what lies around them repeats those, and a URL that is none has the password in it.
    cause: new Error(wordsOf(error))
  })
}

/**
 * Returns when the database answers. Fails with `StoreError` when it cannot be reached for a reason that does not pass, or has not
 * been for so long.
 *
 * @param wait - how long to try again
 * @param voice - default: speaks to whoever wrote the client's options
 */
export const reach = (
  wait: Duration.Input,
  voice = toApplication
): Effect.Effect<void, StoreError, PgClient.PgClient | SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const { singleSession } = yield* SqlCapabilities
    const { config } = yield* PgClient.PgClient
    const sql = yield* SqlClient.SqlClient
    // The embedded one is there, or its own layer has said why not.
    if (singleSession) return
    const clock = yield* Clock.Clock
    const end = steadyMillisUnsafe(clock) + Duration.toMillis(wait)
    const attempt = Effect.mapError(sql`SELECT 1`, (error) => failed(error, config, voice))
    for (let isFirst = true; ; isFirst = false) {
      const result = yield* Effect.result(attempt)
      if (result._tag === "Success") return
      const error = result.failure
      if (!error.isRetryable || steadyMillisUnsafe(clock) >= end) return yield* error
      if (isFirst) {
        yield* Effect.logWarning(voice.trying(error.reason, Duration.format(Duration.fromInputUnsafe(wait))))
      }
      yield* Effect.sleep(pause)
    }
  }).pipe(untraced)
