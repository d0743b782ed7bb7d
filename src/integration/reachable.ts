/**
 * A client of a server by its url, once it answers: for the command line.
 *
 * @internal
 */
import { PgClient } from "@effect/sql-pg"
import { type Duration, Effect, Layer, Redacted } from "effect"
import type { SqlClient } from "effect/sql"
import type { StoreError } from "../errors/StoreErrors.ts"
import { sqlStateOf } from "../errors/sqlState.ts"
import { storeErrors } from "../sql/connection/errors.ts"
import { reach, type Voice } from "../sql/connection/reach.ts"

/** SQLSTATE of a database that there is none of. */
const noDatabase = "3D000"

/** To whoever gave the url in a shell. What went wrong is told once, in the end. */
const toShell: Voice = {
  advice: (error, isRetryable) => {
    if (isRetryable) return "Is it running, and is this where --url or DATABASE_URL is to lead?"
    const state = sqlStateOf(error)
    if (state === noDatabase) return "Create it, or give another with --url or DATABASE_URL."
    return state?.startsWith("28") === true
      ? "Give the right user and password with --url or DATABASE_URL, or see in pg_hba.conf what the server allows."
      : "This does not pass by itself: look at --url or DATABASE_URL, and at what the server allows."
  },
  trying: (_, time) => `The database does not answer yet. Trying again for ${time}.`
}

/** @param wait - how long a server that is not there yet is tried again */
export const reachable = (
  url: string,
  wait: Duration.Input
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, StoreError> =>
  Layer.effectDiscard(reach(wait, toShell)).pipe(
    Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), maxConnections: 2 })),
    Layer.catch((error) => Layer.effectContext(storeErrors("connect")(Effect.fail(error))))
  )
