/**
 * Rows of operations in memory, and of what they requeued.
 *
 * @internal
 */
import type { Operation } from "../stores/OperationStore.ts"
import { ascending } from "./comparators.ts"
import type { Database } from "./database.ts"
import type { Table, Transaction } from "./transaction.ts"

export interface OperationRecord {
  readonly record: Omit<Operation, "filter" | "open">
  /** Its filter, as text, so that nobody can change what is stored. */
  readonly json: string
  readonly cursor: string | null
  readonly countCursor: string | null
  readonly counted: number
  readonly isTaken: boolean
  /** In milliseconds since 1970. */
  readonly nextStepAt: number
}

/** A delivery that an operation requeued, and that is not counted yet. */
export interface WatchedRecord {
  readonly key: string
  readonly operationId: string
  readonly deliveryId: string
}

export class OperationTables {
  readonly operations: Table<OperationRecord>
  readonly watched: Table<WatchedRecord>

  constructor(database: Database) {
    this.operations = database.table()
    this.watched = database.table()
  }

  /** Those that are not finished, the first that is due first. */
  unfinished(transaction: Transaction): ReadonlyArray<OperationRecord> {
    return [...transaction.rows(this.operations)]
      .filter(({ record }) => record.finishedAt === null)
      .toSorted((a, b) => a.nextStepAt - b.nextStepAt)
  }

  watchOne(transaction: Transaction, operationId: string, deliveryId: string): void {
    const key = `${operationId}/${deliveryId}`
    transaction.write(this.watched, key, { key, operationId, deliveryId })
  }

  /** What an operation waits for, behind a key. */
  watchedOf(transaction: Transaction, operationId: string, after = ""): ReadonlyArray<WatchedRecord> {
    return [...transaction.rows(this.watched)]
      .filter((each) => each.operationId === operationId && each.key > after)
      .toSorted((a, b) => ascending(a.key, b.key))
  }

  /** Removes some of what did not come further since a time. Returns how many rows. */
  forget(transaction: Transaction, since: number, limit: number): number {
    const old = [...transaction.rows(this.operations)].filter(
      ({ isTaken, record }) => isTaken && (record.finishedAt ?? record.updatedAt).getTime() < since
    )
    let removed = 0
    for (const { record } of old) {
      for (const { key } of this.watchedOf(transaction, record.id)) {
        if (removed++ >= limit) return limit
        transaction.write(this.watched, key, undefined)
      }
      if (removed++ >= limit) return limit
      transaction.write(this.operations, record.id, undefined)
    }
    return removed
  }
}
