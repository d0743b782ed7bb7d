/**
 * State in memory with transactions: what `IntegrationMemory` keeps everything in.
 *
 * It behaves as PostgreSQL does at READ COMMITTED: others see what a transaction wrote after its commit, a savepoint or
 * a transaction that fails leaves nothing, and who writes a row makes other writers wait. Nothing outlives the layer.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import { Database } from "./database.ts"

/**
 * A cell that takes part in transactions.
 *
 * Operations fail with `StoreError` when two transactions wait for each other's cells: a delivery is repeated then, as
 * on a database.
 *
 * @since 0.1.0
 */
export interface MemoryRef<in out A> {
  /** The value this transaction wrote, else the last one that was committed. */
  readonly get: Effect.Effect<A>
  /** Writes a value, after waiting for another transaction that has written to this cell. */
  readonly set: (value: A) => Effect.Effect<void, StoreError>
  /** Writes what `change` makes of the value, which nobody else writes in between. */
  readonly update: (change: (value: A) => A) => Effect.Effect<void, StoreError>
  /** Writes a value as `update` does; `change` gives a result besides. */
  readonly modify: <B>(change: (value: A) => readonly [B, A]) => Effect.Effect<B, StoreError>
}

/**
 * The database of one `IntegrationMemory`.
 *
 * @since 0.1.0
 */
export class MemoryDatabase extends Context.Service<
  MemoryDatabase,
  {
    /**
     * Makes a cell for a user's own state, so that it rolls back with the handler or the caller that wrote it. A plain
     * `Ref` does not. The value should be immutable: what is changed in place cannot be undone.
     */
    readonly ref: <A>(initial: A) => Effect.Effect<MemoryRef<A>>
    /** What the stores of this package use. @internal */
    readonly internal: Database
  }
>()("effect-integration/MemoryDatabase") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<MemoryDatabase> = Layer.sync(MemoryDatabase, () => {
    const database = new Database()
    const cells = database.table<unknown>()
    let count = 0
    const make = <A>(initial: A) =>
      Effect.sync((): MemoryRef<A> => {
        const key = String(++count)
        cells.rows.set(key, initial)
        const modify = <B>(change: (value: A) => readonly [B, A]) =>
          database.run((transaction) =>
            Effect.map(database.lock(transaction, cells, key), () => {
              const [result, value] = change(transaction.read(cells, key) as A)
              transaction.write(cells, key, value)
              return result
            })
          )
        return {
          get: database.read((transaction) => transaction.read(cells, key) as A),
          set: (value) => modify(() => [undefined, value]),
          update: (change) => modify((value) => [undefined, change(value)]),
          modify
        }
      })
    return MemoryDatabase.of({ ref: make, internal: database })
  })
  /** Same as `ref` on the service, taken from the context. @since 0.1.0 */
  static readonly ref = <A>(initial: A): Effect.Effect<MemoryRef<A>, never, MemoryDatabase> =>
    MemoryDatabase.use((database) => database.ref(initial))
}
