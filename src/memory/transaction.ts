/**
 * Tables in memory, and what a transaction sees and has written of them, apart from the rows that are committed.
 *
 * @internal
 */
import { Deferred, type Effect } from "effect"

/** Rows by key. What is in it is committed. */
export class Table<Row> {
  readonly rows = new Map<string, Row>()
  readonly onChange: (key: string, before: Row | undefined, after: Row | undefined) => void

  constructor(onChange: (key: string, before: Row | undefined, after: Row | undefined) => void = () => {}) {
    this.onChange = onChange
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a transaction writes to tables of all kinds
export type AnyTable = Table<any>

/** A transaction, or a savepoint in one (`parent`). */
export class Transaction {
  readonly parent: Transaction | undefined
  readonly root: Transaction
  readonly writes = new Map<AnyTable, Map<string, unknown>>()
  /** Locks taken here: those of a savepoint end with its rollback. */
  readonly locks = new Set<string>()
  afterCommit: Array<Effect.Effect<void>> = []
  /** Completed when the outermost transaction has ended. */
  readonly ended: Deferred.Deferred<void>
  hasEnded = false
  /** Whom it waits for, to notice circles. */
  waitsFor: Transaction | undefined

  constructor(parent?: Transaction) {
    this.parent = parent
    this.root = parent?.root ?? this
    this.ended = parent?.ended ?? Deferred.makeUnsafe<void>()
  }

  read<Row>(table: Table<Row>, key: string): Row | undefined {
    for (let current: Transaction | undefined = this; current !== undefined; current = current.parent) {
      const written = current.writes.get(table)
      if (written?.has(key)) return written.get(key) as Row | undefined
    }
    return table.rows.get(key)
  }

  /** Writes a row, or removes it (`undefined`). The key has to be locked, or new. */
  write<Row>(table: Table<Row>, key: string, row: Row | undefined): void {
    const written = this.writes.get(table)
    if (written === undefined) this.writes.set(table, new Map([[key, row]]))
    else written.set(key, row)
  }

  /** Keys this transaction has written, innermost savepoint and all around it. */
  *written(table: AnyTable): Generator<string> {
    const seen = new Set<string>()
    for (let current: Transaction | undefined = this; current !== undefined; current = current.parent) {
      for (const key of current.writes.get(table)?.keys() ?? []) {
        if (seen.has(key)) continue
        seen.add(key)
        yield key
      }
    }
  }

  /** All rows this transaction sees: of `keys` (default: all committed ones), and those it wrote. */
  *rows<Row>(table: Table<Row>, keys: Iterable<string> = table.rows.keys()): Generator<Row> {
    const own = new Set(this.written(table))
    for (const key of keys) {
      const row = own.has(key) ? undefined : table.rows.get(key)
      if (row !== undefined) yield row
    }
    for (const key of own) {
      const row = this.read(table, key)
      if (row !== undefined) yield row
    }
  }
}
