/**
 * Another database client's transactions, as far as this package needs them: a statement in one that is open, and opening one. It is
 * what `effect-integration/pg`, `/postgres`, `/knex`, `/kysely`, `/drizzle` and `/prisma` make of their clients, and twenty lines for any
 * other; `Conformance.transactionClient` of `effect-integration/testing` checks them.
 *
 * @since 0.1.0
 */

/**
 * A value for `$1` to `$n`, which a client has to send as it is: what has no such form in all clients (times, lists, JSON, bytes) comes
 * as PostgreSQL's own text. In the statement it is mostly cast from `text`; where it is not, the server reads it as of the type that it is for.
 *
 * @since 0.1.0
 */
export type ClientParameter = string | number | boolean | null

/** A column of a result. @since 0.1.0 */
export interface ClientColumn {
  readonly name: string
  /** The type's OID, if texts in this column are PostgreSQL's own; of a column whose values the client has read: none. */
  readonly type?: number | undefined
}

/** What a statement gave. @since 0.1.0 */
export interface ClientResult {
  /** Empty for a statement that gives no rows. */
  readonly columns: ReadonlyArray<ClientColumn>
  /** Each row's values, in the order of `columns`. */
  readonly rows: ReadonlyArray<ReadonlyArray<unknown>>
}

/**
 * What a client knows of a transaction without asking the database: `open`; `none`, it is no transaction, or none was begun; `failed`, a
 * statement in it has failed, and it takes no other; `ended`, it was committed or rolled back; `unknown`.
 *
 * It is for telling mistakes early, not for relying on it: what is `open` may have failed a moment ago (a client may hear of a failure
 * before it hears what became of the transaction), and a connection that went back to its pool may be in a transaction of somebody else.
 *
 * @since 0.1.0
 */
export type ClientTransactionState = "open" | "none" | "failed" | "ended" | "unknown"

/**
 * A client whose transactions the engine can share.
 *
 * @typeParam Tx - what the client calls a transaction
 *
 * @since 0.1.0
 */
export interface TransactionClient<in out Tx> {
  /** For messages: `pg`, `Prisma` … */
  readonly name: string
  /**
   * Runs one statement in a transaction that is open, with `$1` to `$n` for its parameters: not before the one before it was answered, as
   * not all clients queue them. Rejects with the client's own error, which holds the server's SQLSTATE somewhere (`code`, in it or in what
   * caused it); of a connection that was lost, it may hold none, or a code of the client's own (`CONNECTION_CLOSED`, `ECONNRESET`).
   * Names of columns are PostgreSQL's, whatever the application lets its client make of them elsewhere.
   * Not all clients can read all types: Prisma runs a statement that gives `void` or `xid8`, and then rejects. Cast those to `text`.
   */
  readonly query: (tx: Tx, sql: string, parameters: ReadonlyArray<ClientParameter>) => PromiseLike<ClientResult>
  /** What the client knows of a transaction, or of what somebody took for one. */
  readonly stateOf: (tx: Tx) => ClientTransactionState
  /**
   * Opens a transaction and calls `body` in it. Commits when its promise resolves, and resolves when that is done; rolls back when it
   * rejects, and rejects with the same error. Rejects, too, when the COMMIT rolled back as a statement had failed before.
   */
  readonly transaction: (body: (tx: Tx) => Promise<void>) => Promise<void>
  /** Connections of its pool, at most; `undefined`: it does not tell, and 10 are assumed. */
  readonly maxConnections: number | undefined
  /**
   * Whether `tx` takes no statement from the moment on when its end is sent, so that code which goes on does not write on a connection that
   * is in no transaction, or in another's. Default: false, and where such code may have `tx`, the engine has the server end its connection.
   */
  readonly refusesAfterEnd?: boolean | undefined
}

/** What a client calls a transaction: `TransactionOf<typeof client>`. @since 0.1.0 */
export type TransactionOf<Client extends AnyTransactionClient> = Client extends TransactionClient<infer Tx> ? Tx : never

/** A client, whatever it calls a transaction. @since 0.1.0 */
// biome-ignore lint/suspicious/noExplicitAny: it gives a transaction and takes the same, so that nothing else stands for all.
export type AnyTransactionClient = TransactionClient<any>
