/**
 * The transaction that application and engine share.
 *
 * @since 0.1.0
 */
import { Context, type Deferred, type Effect } from "effect"
import type { InvalidOption } from "../errors/DeclarationErrors.ts"
import type { SqlUnavailable, StoreError } from "../errors/StoreErrors.ts"
import type { TransactionUnusable } from "../errors/TransactionErrors.ts"
import type { AnyTransactionClient, TransactionClient } from "./TransactionClient.ts"

/** A statement that failed in a transaction. @since 0.1.0 */
export interface FailedStatement {
  /** How it begins: at most 80 characters, without texts that are written in it. */
  readonly text: string
  /** What the database said. */
  readonly error: string
}

/**
 * Opens transactions in which the application's writes, the events it publishes, and the engine's marks commit
 * together or not at all.
 *
 * @since 0.1.0
 */
export class Transactor extends Context.Service<
  Transactor,
  {
    /**
     * Runs `effect` in a transaction: commits when it succeeds, rolls back when it fails, dies or is interrupted. Inside
     * a transaction it is a savepoint. Fails with `StoreError` when the transaction cannot be opened or committed.
     */
    readonly withTransaction: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreError, R>
    /**
     * Runs `effect` as `withTransaction` does, in a transaction of its own whose connection is closed when `abort` is
     * completed, where there is one: whatever waits for an answer on it then fails, also BEGIN and COMMIT, which cannot be
     * interrupted.
     */
    readonly abortableTransaction: <A, E, R>(
      effect: Effect.Effect<A, E, R>,
      abort: Deferred.Deferred<void>
    ) => Effect.Effect<A, E | StoreError, R>
    /** The client that opens its transactions; undefined where they are its own. */
    readonly client: AnyTransactionClient | undefined
    /**
     * Fails with `InvalidOption` when its client cannot open transactions here: it reaches another database, reads values in ways of its own,
     * or connects as a role whose statements that of the engine may not end. Asked once, before something is served.
     */
    readonly checkClient: Effect.Effect<void, InvalidOption | StoreError>
    /**
     * Runs `effect` in a transaction that somebody opened with a client of theirs, and will commit or roll back: what it writes is part of
     * that. When `effect` fails, what it wrote before its last savepoint stays. Fails with `TransactionUnusable` where nothing can be
     * written, and with `SqlUnavailable` where there is no database.
     *
     * @param client - default: that of this transactor
     */
    readonly within: <Tx, A, E, R>(
      tx: Tx,
      effect: Effect.Effect<A, E, R>,
      client?: TransactionClient<Tx>
    ) => Effect.Effect<A, E | TransactionUnusable | StoreError | SqlUnavailable, R>
    /** Whether the current fiber is in a transaction. */
    readonly isOpen: Effect.Effect<boolean>
    /**
     * Counts the statements that were run in the current transaction so far, also those of the application, and what was asked for
     * with `afterCommit`. Where that cannot be told, it never gives the same number twice.
     */
    readonly statements: Effect.Effect<() => number>
    /** The first statement of the current transaction that failed, if one did and was not rolled back; undefined where that cannot be told. */
    readonly failedStatement: Effect.Effect<FailedStatement | undefined>
    /** Runs `effect` after the outermost commit, at once without a transaction, never after a rollback. */
    readonly afterCommit: (effect: Effect.Effect<void>) => Effect.Effect<void>
    /**
     * Lets the current transaction end when nobody has used it for so long, where the database knows how: what it holds
     * must not be held by a process that is frozen, or cannot be reached any more.
     */
    readonly limitIdle: (millis: number) => Effect.Effect<void, StoreError>
    /** Ends each statement of the current transaction that takes longer, where the database knows how. */
    readonly limitStatements: (millis: number) => Effect.Effect<void, StoreError>
    /**
     * Runs one statement of SQL, with `$1` to `$n` for its parameters, for code that has no client of its own. Fails
     * with `SqlUnavailable` where there is no database.
     */
    readonly query: (
      text: string,
      parameters: ReadonlyArray<unknown>
    ) => Effect.Effect<ReadonlyArray<object>, StoreError | SqlUnavailable>
    /**
     * Drops idle connections that do not answer, and those to a server that only reads, as one that was demoted by a
     * failover: the next ones are made anew, and find whoever has its name now. Does nothing where there is no such thing.
     */
    readonly reconnect: Effect.Effect<void>
    /** Checks deferred constraints now, so that their failure is known before the commit. */
    readonly checkConstraints: Effect.Effect<void, StoreError>
    /**
     * Checks deferred constraints of what was run since the first `withTransaction` inside the current transaction began;
     * where nothing was run at all, there may be nothing to ask the database.
     */
    readonly checkSavepoint: Effect.Effect<void, StoreError>
  }
>()("effect-integration/Transactor") {
  /**
   * Same as `withTransaction` on the service, taken from the context. Fits as the last argument of `Effect.fn`.
   *
   * @since 0.1.0
   */
  static readonly withTransaction = <A, E, R>(
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | StoreError, R | Transactor> =>
    Transactor.use((transactor) => transactor.withTransaction(effect))
}
