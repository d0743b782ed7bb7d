/**
 * A client of a server by its url, once it answers: for what does its work without `Integration.layer`.
 *
 * @internal
 */
import { PgClient } from "@effect/sql-pg"
import { type Duration, Effect, Layer, Redacted } from "effect"
import type { SqlClient } from "effect/sql"
import type { StoreError } from "../errors/StoreErrors.ts"
import { storeErrors } from "../sql/connection/errors.ts"
import { reach } from "../sql/connection/reach.ts"

/** @param wait - how long a server that is not there yet is tried again */
export const reachable = (
  url: string,
  wait: Duration.Input
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, StoreError> =>
  Layer.effectDiscard(reach(wait)).pipe(
    Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), maxConnections: 2 })),
    Layer.catch((error) => Layer.effectContext(storeErrors("connect")(Effect.fail(error))))
  )
