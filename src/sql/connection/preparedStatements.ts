/**
 * Whether a client's prepared statements survive where it is connected: a pooler in transaction mode gives a transaction any
 * of its sessions, and statements that were prepared in another one are not there, unless the pooler sees to it.
 *
 * @internal
 */
import { type PgClient, PgConnection } from "@effect/sql-pg"
import { Effect, Option, type Scope } from "effect"
import type { SqlError } from "effect/sql"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import { isNotPrepared } from "../../errors/sqlState.ts"

/** How many transactions are opened to have the session of before in one of them. */
const maxHolders = 5

/** How long all of it may take: a pooler with a single session never gets to the end. */
const timeout = "5 seconds"

type Connecting = Effect.Effect<PgConnection.PgConnection, SqlError.SqlError, Scope.Scope>

/** The session a connection has just now. The statement is prepared by the first call. */
const sessionOf = (connection: PgConnection.PgConnection) =>
  Effect.map(connection.query("SELECT pg_backend_pid() AS pid"), ({ rows }) => rows[0]?.pid)

/** The session a transaction of this connection has: it stays open until the scope closes. */
const sessionInTransaction = (connection: PgConnection.PgConnection) =>
  Effect.andThen(
    Effect.acquireRelease(connection.query("BEGIN", [], false), () =>
      Effect.ignore(connection.query("ROLLBACK", [], false))
    ),
    sessionOf(connection)
  )

/**
 * Has a statement prepared, then run while somebody else has the session it was prepared in. In a transaction, as the client
 * helps itself outside of one.
 */
const isKept = (connect: Connecting) =>
  Effect.gen(function* () {
    const connection = yield* connect
    const first = yield* sessionOf(connection)
    for (let holders = 0; holders < maxHolders; holders++) {
      if ((yield* sessionInTransaction(yield* connect)) !== first) continue
      return yield* Effect.as(sessionInTransaction(connection), true)
    }
    return true
  }).pipe(
    Effect.catchCause((cause) => (isNotPrepared(cause) ? Effect.succeed(false) : Effect.failCause(cause))),
    Effect.scoped
  )

/** Fails when the client prepares statements, and the pooler it is behind does not keep them. */
export const checkPrepared = (
  config: PgClient.PgClientConfig
): Effect.Effect<void, InvalidOption | SqlError.SqlError> =>
  Effect.gen(function* () {
    if (config.prepare === false) return
    const connect = Effect.flatMap(PgConnection.make({ ...config, multiplex: false }), (made) => made.pin)
    const kept = yield* Effect.timeoutOption(isKept(connect), timeout)
    if (Option.getOrElse(kept, () => true)) return
    return yield* new InvalidOption({
      option: "prepare of PgClient",
      value: "true",
      expected:
        "false: the database is behind a pooler in transaction mode that does not keep prepared statements, and statements would fail now and then"
    })
  })
