/**
 * A `PgClient` whose connections share one session.
 *
 * `PgClient.make` over the bridge is nearly that. Two things need another form when there is a single session:
 * beginning a transaction, and listening.
 *
 * @internal
 */
import { PgClient, PgConnection } from "@effect/sql-pg"
import { Effect, Scope, Semaphore } from "effect"
import type { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError } from "effect/sql"

/** Makes the client; its connections come from `config.stream`. */
export const make = (
  config: PgClient.PgPoolConfig
): Effect.Effect<PgClient.PgClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> =>
  Effect.map(PgClient.make(config), (client) =>
    Object.assign(client, {
      withTransaction: queuedTransactions(client),
      listen: unpooledListen(config),
      notify: notifyHere(client)
    })
  )

/**
 * Transactions wait for each other here, before `BEGIN` is sent. `BEGIN` itself cannot be interrupted, so a fiber that
 * waited for the session with it would go on waiting after its interruption, for ever if it holds up the transaction
 * it waits for. Only single statements are in front of a `BEGIN` this way.
 *
 * The rest is what `PgClient` passes to `makeWithTransaction`, which it does not export.
 */
const queuedTransactions = (client: PgClient.PgClient): PgClient.PgClient["withTransaction"] => {
  const turn = Semaphore.makeUnsafe(1)
  const run = (sql: string) => (connection: SqlConnection.Connection) =>
    Effect.asVoid(connection.execute(sql, [], undefined))
  return SqlClient.makeWithTransaction({
    transactionService: client.transactionService,
    spanAttributes: Object.entries(client.config.spanAttributes ?? {}),
    acquireConnection: (restore) => restore(Effect.andThen(turn.takeScoped(1), client.reserve)),
    begin: (connection, statement) =>
      statement === undefined
        ? run("BEGIN")(connection)
        : Effect.asVoid(connection.executeUnprepared(statement, [], undefined)),
    savepoint: (connection, id) => run(`SAVEPOINT effect_sql_${id}`)(connection),
    releaseSavepoint: (connection, id) => run(`RELEASE SAVEPOINT effect_sql_${id}`)(connection),
    commit,
    rollback: run("ROLLBACK"),
    rollbackSavepoint: (connection, id) => run(`ROLLBACK TO SAVEPOINT effect_sql_${id}`)(connection)
  })
}

/** PostgreSQL answers the COMMIT of an aborted transaction with ROLLBACK, and without an error. */
const commit = (connection: SqlConnection.Connection): Effect.Effect<void, SqlError.SqlError> =>
  Effect.flatMap(connection.executeRaw("COMMIT", []), (result) =>
    (result as PgConnection.Result).command === "ROLLBACK" ? Effect.fail(abortedCommit()) : Effect.void
  )

const abortedCommit = () => {
  const message = "PgClient: COMMIT rolled back an aborted transaction"
  return new SqlError.SqlError({
    reason: new SqlError.UnknownError({ cause: new Error(message), message, operation: "commit" })
  })
}

/**
 * Every listener has a connection of its own, outside the pool: ten listeners would leave nothing of a pool of ten.
 *
 * When the scope closes the connection goes first. `UNLISTEN` is then not sent: it would wait for the session, which
 * finalizers cannot be kept from, and it would silence the other listeners of that channel.
 */
const unpooledListen =
  (config: PgConnection.Config): PgClient.PgClient["listen"] =>
  (channel) =>
    Effect.gen(function* () {
      const connectionScope = yield* Scope.fork(yield* Scope.Scope)
      const connection = yield* Scope.provide(PgConnection.make(config), connectionScope)
      const queue = yield* connection.listen(channel)
      yield* Effect.addFinalizer((exit) => Scope.close(connectionScope, exit))
      return queue
    })

/** On the current transaction if there is one: waiting for another connection in it would never end. */
const notifyHere =
  (client: PgClient.PgClient): PgClient.PgClient["notify"] =>
  (channel, payload) =>
    Effect.asVoid(client`SELECT pg_notify(${channel}, ${payload})`)
