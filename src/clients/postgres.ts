/**
 * The transactions of `postgres` (postgres.js): what `sql.begin` gives.
 *
 * @since 0.1.0
 */
import type { ClientResult, ClientTransactionState, TransactionClient } from "../stores/TransactionClient.ts"
import { check } from "./given.ts"
import { originalNames } from "./postgresNames.ts"
import { close, finish, guarded, heeded, newState, type Query, type Sql, type State } from "./postgresTransaction.ts"

/** What is needed of a `TransactionSql`. @since 0.1.0 */
export interface PostgresTransaction {
  unsafe(query: string, parameters?: Array<never>, options?: { prepare?: boolean }): PromiseLike<unknown>
  readonly savepoint: unknown
}

/** What is needed of a `Sql`. @since 0.1.0 */
export interface PostgresSql<Tx> {
  /** As it is declared, with options too: what the body gets is found only so. */
  readonly begin: {
    <A>(body: (tx: Tx) => A | Promise<A>): Promise<unknown>
    <A>(options: string, body: (tx: Tx) => A | Promise<A>): Promise<unknown>
  }
  readonly options: {
    readonly max: number
    readonly transform: { readonly column: object; readonly row: object }
  }
}

/** A result of `query.raw()`: bytes as they came. */
type Raw = ReadonlyArray<ReadonlyArray<Buffer | null>> & {
  readonly columns?: ReadonlyArray<{ readonly name: string; readonly type: number }> | null
}

/**
 * The OID of texts whose type is what stands around them. To `postgres` it is a type, so that it does not make of a text what it would make
 * of a value of the type that the server then tells: `infinity` is no time to it, and JSON a string.
 */
const unknown = 705

/**
 * Whether what BEGIN was answered is what ended the connection before this one (admin_shutdown, crash_shutdown, timeouts of sessions):
 * `postgres` 3.4 keeps it, and gives it to whoever is first on the next connection.
 */
const isOld = (error: unknown) =>
  typeof error === "object" && error !== null && "code" in error && /^(57P0[125]|25P0[34])$/.test(String(error.code))

/**
 * The transactions of `postgres`: `tx` is a `TransactionSql`, of the engine, or of the application's own `sql.begin`.
 *
 * ```ts
 * const client = postgresClient(postgres(url))
 * ```
 *
 * Where names of columns are transformed (`postgres.camel`), they still are, for all statements but the engine's: `sql.options` is given
 * a function that calls the one that was there. Throws a `TypeError` for a `sql` with `transform.row`, which would be applied to the engine's rows too.
 *
 * @param sql - what `postgres(…)` gives, which stays the application's to end
 *
 * @since 0.1.0
 */
export const postgresClient = <Tx extends PostgresTransaction>(sql: PostgresSql<Tx>): TransactionClient<Tx> => {
  const isSql = (given: Record<string, unknown>) => typeof given.begin === "function" && "options" in given
  check("postgresClient", sql, isSql, "what postgres(url) gives")
  const { column, row } = sql.options.transform
  if ("from" in row && row.from !== undefined) {
    throw new TypeError(
      "postgresClient: transform.row changes rows of the engine's statements too. Use transform.value, or none."
    )
  }
  const names = originalNames(column)
  const states = new WeakMap<object, State>()
  const isOwn = new WeakSet<object>()

  const stateFor = (tx: object) => {
    const state = states.get(tx) ?? newState()
    states.set(tx, state)
    return state
  }

  const stateOf = (tx: object): ClientTransactionState => {
    if (!("savepoint" in tx)) return "begin" in tx ? "none" : "unknown"
    const state = states.get(tx)
    if (state === undefined || !isOwn.has(tx)) return "unknown"
    return state.over !== undefined ? "ended" : state.hasFailed ? "unknown" : "open"
  }

  const query = async (tx: Tx, text: string, parameters: ReadonlyArray<unknown>): Promise<ClientResult> => {
    const { typed, unsafe } = tx as unknown as Sql
    const values = parameters.map((value) => typed(value === null ? null : String(value), unknown))
    const sent = unsafe(names.textOf(text), values, { prepare: true })
    const own = isOwn.has(tx) ? sent : heeded(sent, text, stateFor(tx))
    const result = (await names.watched(own as Query & { raw(): Query }).raw()) as Raw
    const columns = result.columns ?? []
    const originals = names.of(columns)
    return {
      columns: columns.map(({ type }, index) => ({ name: originals[index] ?? "", type })),
      rows: result.map((row) => row.map((value) => (value === null ? null : value.toString("utf8"))))
    }
  }

  /** COMMIT would not say that it rolled back. */
  const checkNoneFailed = async (tx: Tx, state: State) => {
    if (state.hasFailed) await tx.unsafe("SELECT 1")
  }

  /** Runs a body in a transaction; with what it ended, and with what the transaction did, if that began. */
  const begin = async (body: (tx: Tx) => Promise<void>) => {
    const state = newState()
    let bodyEnded: Promise<void> | undefined
    const began = sql.begin<void>((begun) => {
      const tx = guarded(begun, state)
      states.set(tx, state)
      isOwn.add(tx)
      bodyEnded = body(tx)
      return new Promise<void>((resolve, reject) => {
        // On a connection that has ended, neither COMMIT nor ROLLBACK is ever answered: `sql.begin` has rejected already.
        const end = (settle: () => void) => {
          if (state.over !== undefined) return
          finish(state)
          settle()
        }
        bodyEnded
          ?.then(() => checkNoneFailed(tx, state))
          .then(
            () => end(resolve),
            (error: unknown) => end(() => reject(error))
          )
      })
    })
    const failure = await Promise.resolve(began).then(
      () => undefined,
      (error: unknown) => ({ error })
    )
    close(state, failure === undefined ? undefined : () => failure.error)
    return { bodyEnded, failure }
  }

  const transaction = async (body: (tx: Tx) => Promise<void>) => {
    for (let attempt = 0; ; attempt++) {
      const { bodyEnded, failure } = await begin(body)
      if (failure === undefined) return
      if (bodyEnded === undefined && isOld(failure.error) && attempt < sql.options.max) continue
      // The body's own error comes first.
      await bodyEnded
      throw failure.error
    }
  }

  return {
    name: "postgres",
    query,
    stateOf,
    transaction,
    maxConnections: sql.options.max,
    refusesAfterEnd: true
  }
}
