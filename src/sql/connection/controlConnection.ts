/**
 * The control connection: one connection of the engine's own, beside the application's pool.
 *
 * What must not wait for the pool runs on it: heartbeats of leases, notes of what is about to run, the lock that shows
 * that this process lives, and NOTIFY and LISTEN. It connects again whenever it is lost. PGlite has a single session,
 * shared with everybody: there it is the client itself, and nobody listens.
 *
 * @internal
 */
import { PgClient, PgConnection } from "@effect/sql-pg"
import { Context, Deferred, Effect, Layer, Option, Queue, Schedule, Scope } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { SqlClient, SqlError } from "effect/sql"
import type { InvalidOption } from "../../errors/DeclarationErrors.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { isConnectionLost } from "../../errors/sqlState.ts"
import { SqlCapabilities } from "../../stores/SqlCapabilities.ts"
import { storeErrors } from "./errors.ts"
import { checkPrepared } from "./preparedStatements.ts"

/** One connection, as long as it lasts. */
export interface Session {
  readonly query: <Row extends object>(
    text: string,
    parameters?: ReadonlyArray<unknown>
  ) => Effect.Effect<ReadonlyArray<Row>, SqlError.SqlError>
  /** Payloads that arrive on a channel; fails when the connection is lost. */
  readonly listen: (
    channel: string
  ) => Effect.Effect<Queue.Dequeue<PgConnection.Notification, SqlError.SqlError>, SqlError.SqlError, Scope.Scope>
  /**
   * Whether it keeps its state between transactions: locks, and what it listens to. A pooler in transaction mode gives
   * each transaction another one.
   */
  readonly hasState: boolean
  /** Gives the connection up: the next one is made. */
  readonly abandon: Effect.Effect<void>
}

/** How long a statement here may take before its connection is given up. */
const statementTimeout = "10 seconds"

/** How long a statement waits for a connection while there is none. */
const connectTimeout = "10 seconds"

const silence =
  "The control connection did not answer for 10 seconds and is given up; another one is made. Until then what other processes published was found by polling."

const unavailable = (message: string) =>
  new SqlError.SqlError({
    reason: new SqlError.ConnectionError({ cause: new Error(message), message, operation: "control" })
  })

const backoff = Schedule.jittered(Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("2 seconds")]))

type Hook = (session: Session) => Effect.Effect<void, SqlError.SqlError, Scope.Scope>

export class ControlConnection extends Context.Service<
  ControlConnection,
  {
    /** Runs a statement outside of any transaction, waiting a while for a connection. */
    readonly query: Session["query"]
    /**
     * Runs `hook` on the connection there is, and first thing on every later one; what it leaves in its scope ends with
     * the connection. Returns when it has run once.
     */
    readonly onSession: (hook: Hook) => Effect.Effect<void, SqlError.SqlError>
    /** The connection there is, waiting a while for one; fails where there is none of its own. */
    readonly session: Effect.Effect<Session, SqlError.SqlError>
    /** Whether there is a connection of its own. */
    readonly isSeparate: boolean
  }
>()("effect-integration/sql/ControlConnection") {
  static readonly layer: Layer.Layer<
    ControlConnection,
    InvalidOption | StoreError,
    PgClient.PgClient | SqlClient.SqlClient
  > = Layer.effect(
    ControlConnection,
    Effect.gen(function* () {
      const { singleSession } = yield* SqlCapabilities
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()
      const { config } = yield* PgClient.PgClient
      return singleSession ? shared(sql) : yield* storeErrors("control.connect")(separate(config, sql))
    })
  )
}

/** Runs a statement on the control connection. */
export type Query = ControlConnection["Service"]["query"]

const shared = (sql: SqlClient.SqlClient) =>
  ControlConnection.of({
    query: (text, parameters) => sql.unsafe(text, parameters),
    onSession: () => Effect.void,
    session: Effect.fail(unavailable("there is no control connection")),
    isSeparate: false
  })

/** How long a notification may take from one connection to another, when it is tried out. */
const trialTimeout = "1 second"

/** Whether a connection hears what another one notifies of. */
export const isHeard = Effect.fnUntraced(function* ({ listen }: Pick<Session, "listen">, sql: SqlClient.SqlClient) {
  const channel = `effect_integration_trial_${SecureRandom.uuidV4Unsafe().replaceAll("-", "")}`
  const arrived = yield* listen(channel)
  yield* sql`SELECT pg_notify(${channel}, '')`
  return Option.isSome(yield* Effect.timeoutOption(Queue.take(arrived), trialTimeout))
}, Effect.scoped)

/**
 * Whether a connection is a session. One whose process is the server's own is; a pooler has numbers of its own, and
 * then a notification that comes from another connection tells.
 */
const hasState = Effect.fnUntraced(function* (connection: PgConnection.PgConnection, sql: SqlClient.SqlClient) {
  const { rows } = yield* connection.query("SELECT pg_backend_pid() AS pid")
  return rows[0]?.pid === connection.processId || (yield* isHeard(connection, sql))
})

const open = (config: PgClient.PgClientConfig, sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const connection = yield* Effect.flatMap(PgConnection.make({ ...config, multiplex: false }), (made) => made.pin)
    const ended = yield* Deferred.make<void>()
    const abandon = Effect.asVoid(Deferred.succeed(ended, undefined))
    const session: Session = {
      query: <Row extends object>(text: string, parameters?: ReadonlyArray<unknown>) =>
        connection.query(text, parameters).pipe(
          Effect.map((result) => result.rows as ReadonlyArray<unknown> as ReadonlyArray<Row>),
          Effect.timeoutOrElse({
            duration: statementTimeout,
            orElse: () =>
              Effect.andThen(
                Deferred.isDoneUnsafe(ended) ? Effect.void : Effect.logWarning(silence),
                Effect.fail(unavailable("the control connection did not answer"))
              )
          }),
          Effect.tapCause((cause) => (isConnectionLost(cause) ? abandon : Effect.void))
        ),
      listen: connection.listen,
      hasState: yield* hasState(connection, sql),
      abandon
    }
    return { session, ended }
  })

interface Running {
  readonly session: Session
  readonly scope: Scope.Scope
}

/**
 * How often the connection is asked for a sign of life: nothing else tells that nobody can be heard any more. As often as an
 * idle process polls by default.
 */
const pingInterval = "30 seconds"

const separate = Effect.fnUntraced(function* (config: PgClient.PgClientConfig, sql: SqlClient.SqlClient) {
  const hooks: Array<Hook> = []
  const first = yield* Deferred.make<void, SqlError.SqlError>()
  let current = yield* Deferred.make<Running>()
  /** One connection from its making to its loss. */
  const life = Effect.gen(function* () {
    const { ended, session } = yield* open(config, sql)
    for (const hook of hooks) yield* hook(session)
    yield* Deferred.succeed(current, { session, scope: yield* Effect.scope })
    yield* Deferred.succeed(first, undefined)
    yield* session.query("SELECT 1").pipe(Effect.delay(pingInterval), Effect.forever, Effect.forkScoped)
    yield* Deferred.await(ended)
    current = yield* Deferred.make<Running>()
  }).pipe(Effect.scoped)
  yield* life.pipe(
    // The first connection has to be made: an application that cannot have it would find out when it needs it most.
    Effect.tapCause((cause) => Deferred.failCause(first, cause)),
    Effect.sandbox,
    Effect.retry(backoff),
    Effect.forever,
    Effect.annotateLogs({ fiber: "control" }),
    Effect.forkScoped
  )
  yield* Deferred.await(first)
  const connected = Effect.timeoutOrElse(
    Effect.suspend(() => Deferred.await(current)),
    {
      duration: connectTimeout,
      orElse: () => Effect.fail(unavailable("the control connection is down"))
    }
  )
  const here = Effect.suspend(() => (Deferred.isDoneUnsafe(current) ? Deferred.await(current) : connected))
  if (!(yield* here).session.hasState) yield* checkPrepared(config)
  return ControlConnection.of({
    query: (text, parameters) => Effect.flatMap(here, ({ session }) => session.query(text, parameters)),
    onSession: (hook) =>
      Effect.gen(function* () {
        hooks.push(hook)
        const { scope, session } = yield* here
        yield* Scope.provide(hook(session), scope)
      }),
    session: Effect.map(here, ({ session }) => session),
    isSeparate: true
  })
})
