/**
 * A database in memory: transactions, savepoints and row locks.
 *
 * A transaction writes to an overlay that is merged into the tables when it commits. Locks belong to the outermost
 * transaction, until it ends.
 *
 * @internal
 */
import { Clock, Context, Deferred, Effect, Exit } from "effect"
import { StoreError } from "../errors/StoreErrors.ts"
import { type AnyTable, Table, Transaction } from "./transaction.ts"

/** The current transaction of one database: a fiber may be in transactions of several. */
const makeCurrent = (database: number) =>
  Context.Reference<Transaction | undefined>(`effect-integration/memory/Transaction/${database}`, {
    defaultValue: () => undefined
  })

let databases = 0

const left = new StoreError({
  operation: "transaction",
  reason: "this transaction has ended; a fiber that outlives it cannot use it",
  isRetryable: false,
  cause: undefined
})

/** In PostgreSQL's words, so that it counts as contention. */
const deadlock = new StoreError({
  operation: "transaction",
  reason: "two transactions wait for each other",
  isRetryable: true,
  cause: { code: "40P01" }
})

/** The transaction is committed, whatever becomes of what was to follow. */
const ignored = Effect.ignoreCause({ log: "Error" as const, message: "An effect after a commit failed" })

export class Database {
  readonly #current = makeCurrent(databases++)
  /** Who holds a lock, by name. */
  readonly #holders = new Map<string, Transaction>()
  readonly #tables = new Map<AnyTable, number>()
  readonly #listeners: Array<() => void> = []
  #changed = Deferred.makeUnsafe<void>()
  #isTelling = false
  #position = 0n

  table<Row>(onChange?: (key: string, before: Row | undefined, after: Row | undefined) => void): Table<Row> {
    const table = new Table<Row>(onChange)
    this.#tables.set(table, this.#tables.size)
    return table
  }

  /** Calls `listener` with every commit, right after its rows are in the tables. */
  onCommit(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** A number nobody had before; it does not come back when its transaction is rolled back. */
  nextPosition(): bigint {
    return ++this.#position
  }

  /** Completed soon after the next commit or rollback. */
  get changed(): Deferred.Deferred<void> {
    return this.#changed
  }

  readonly isOpen: Effect.Effect<boolean> = Effect.map(this.#current, (transaction) => transaction !== undefined)

  readonly now: Effect.Effect<number> = Clock.currentTimeMillis

  /** Answers a question: as the current transaction sees its own writes, else by what is committed. */
  read<A>(question: (transaction: Transaction, now: number) => A): Effect.Effect<A> {
    return Effect.flatMap(this.#current, (transaction) =>
      Effect.map(this.now, (now) => question(transaction ?? new Transaction(), now))
    )
  }

  /** Runs a statement: in the current transaction, else in one of its own. */
  run<A, E>(statement: (transaction: Transaction) => Effect.Effect<A, E>): Effect.Effect<A, E | StoreError> {
    return Effect.flatMap(this.#current, (transaction): Effect.Effect<A, E | StoreError> => {
      if (transaction === undefined)
        return this.withTransaction(Effect.flatMap(this.#current, (own) => statement(own as Transaction)))
      return transaction.root.hasEnded ? Effect.fail(left) : statement(transaction)
    })
  }

  /** Runs a statement that neither waits nor fails, as `run` does. */
  sync<A>(statement: (transaction: Transaction, now: number) => A): Effect.Effect<A, StoreError> {
    return this.run((transaction) => Effect.map(this.now, (now) => statement(transaction, now)))
  }

  afterCommit(effect: Effect.Effect<void>): Effect.Effect<void> {
    return Effect.flatMap(this.#current, (transaction) =>
      transaction === undefined
        ? effect
        : Effect.sync(() => {
            transaction.afterCommit.push(effect)
          })
    )
  }

  withTransaction<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | StoreError, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(this.#current, (parent): Effect.Effect<A, E | StoreError, R> => {
        if (parent?.root.hasEnded) return Effect.fail(left)
        const transaction = new Transaction(parent)
        return Effect.flatMap(
          Effect.exit(restore(Effect.provideService(effect, this.#current, transaction))),
          (exit): Effect.Effect<A, E | StoreError, R> => {
            if (Exit.isFailure(exit)) return Effect.andThen(this.#rollBack(transaction), exit)
            if (parent !== undefined) {
              this.#merge(transaction, parent)
              return exit
            }
            return Effect.andThen(transaction.hasEnded ? Effect.fail(left) : this.#commit(transaction), exit)
          }
        )
      })
    )
  }

  /** Rolls back a transaction whose process is gone, or its connection, as a server does. */
  abandon({ root }: Transaction): void {
    if (root.hasEnded) return
    // Also what its savepoints hold that are still open.
    for (const [name, holder] of this.#holders) if (holder === root) root.locks.add(name)
    if (this.#end(root)) this.#tellChanged()
  }

  #name(table: AnyTable | string, key: string) {
    return `${typeof table === "string" ? table : this.#tables.get(table)}:${key}`
  }

  /** Takes a lock if nobody else holds it. */
  tryLock(transaction: Transaction, table: AnyTable | string, key: string): boolean {
    const name = this.#name(table, key)
    const holder = this.#holders.get(name)
    if (holder !== undefined) return holder === transaction.root
    this.#holders.set(name, transaction.root)
    transaction.locks.add(name)
    return true
  }

  /** Takes a lock, waiting for the transaction that holds it. */
  lock(transaction: Transaction, table: AnyTable | string, key: string): Effect.Effect<void, StoreError> {
    return Effect.suspend((): Effect.Effect<void, StoreError> => {
      if (transaction.root.hasEnded) return Effect.fail(left)
      if (this.tryLock(transaction, table, key)) return Effect.void
      const holder = this.#holders.get(this.#name(table, key)) as Transaction
      for (let other: Transaction | undefined = holder; other !== undefined; other = other.waitsFor) {
        if (other === transaction.root) return Effect.fail(deadlock)
      }
      transaction.root.waitsFor = holder
      const stopWaiting = Effect.sync(() => {
        transaction.root.waitsFor = undefined
      })
      return Deferred.await(holder.ended).pipe(
        Effect.ensuring(stopWaiting),
        Effect.andThen(this.lock(transaction, table, key))
      )
    })
  }

  #release(transaction: Transaction) {
    for (const name of transaction.locks) this.#holders.delete(name)
    transaction.locks.clear()
  }

  /** A savepoint that succeeded becomes part of what is around it. */
  #merge(transaction: Transaction, parent: Transaction) {
    for (const [table, rows] of transaction.writes) for (const [key, row] of rows) parent.write(table, key, row)
    for (const lock of transaction.locks) parent.locks.add(lock)
    parent.afterCommit.push(...transaction.afterCommit)
  }

  /** Ends a transaction. Returns whether that changed anything for others: a look at what somebody else holds does not, nor is it told. */
  #end(transaction: Transaction): boolean {
    const isChange = transaction.writes.size > 0 || transaction.locks.size > 0
    transaction.hasEnded = true
    this.#release(transaction)
    Deferred.doneUnsafe(transaction.ended, Effect.void)
    return isChange
  }

  /** In the next turn of the event loop: whoever made the change has then done what follows from it. */
  #tellChanged() {
    if (this.#isTelling) return
    this.#isTelling = true
    setImmediate(() => {
      this.#isTelling = false
      const changed = this.#changed
      this.#changed = Deferred.makeUnsafe<void>()
      Deferred.doneUnsafe(changed, Effect.void)
    })
  }

  #rollBack(transaction: Transaction): Effect.Effect<void> {
    return Effect.sync(() => {
      if (transaction.parent !== undefined) this.#release(transaction)
      else if (!transaction.hasEnded && this.#end(transaction)) this.#tellChanged()
    })
  }

  /** Puts what a transaction wrote into the tables. */
  apply(transaction: Transaction): void {
    for (const [table, rows] of transaction.writes) {
      for (const [key, row] of rows) {
        const before = table.rows.get(key)
        if (row === undefined) table.rows.delete(key)
        else table.rows.set(key, row)
        table.onChange(key, before, row)
      }
    }
  }

  #commit(transaction: Transaction): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.apply(transaction)
      for (const listener of this.#listeners) listener()
      const isChange = this.#end(transaction)
      return Effect.andThen(
        Effect.forEach(transaction.afterCommit, ignored, { discard: true }),
        Effect.sync(() => {
          if (isChange) this.#tellChanged()
        })
      )
    })
  }
}
