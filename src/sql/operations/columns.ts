/**
 * Rows of `integration_operation`, read.
 *
 * @internal
 */
import type { Operation, Taken } from "../../stores/OperationStore.ts"
import { fromStoredFilter } from "../../stores/storedFilter.ts"

/** Columns of an operation `o`; 64-bit numbers as text. */
export const columns = `
  o.id::text AS "id", o.kind AS "kind", o.filter AS "filter", o.cut_off AS "cutOff", o.canary AS "canary", o.pace AS "pace",
  o.reason AS "reason", o.requested_by AS "by", o.role AS "role", o.state AS "state", o.total::text AS "total",
  o.is_total_exact AS "isTotalExact", o.done::text AS "done", o.settled::text AS "settled",
  o.failed_again::text AS "failedAgain", o.last_error AS "lastError", o.stopped_by AS "stoppedBy",
  o.created_at AS "createdAt", o.started_at AS "startedAt", o.updated_at AS "updatedAt", o.finished_at AS "finishedAt"`

/** Those of one that is taken, too: its cursors are a time with all its digits, and an id. */
export const takenColumns = `${columns},
  o.cursor_at::text || '/' || o.cursor_id::text AS "cursor", o.count_at::text || '/' || o.count_id::text AS "countCursor",
  o.counted::text AS "counted", o.is_taken AS "isTaken",
  (extract(epoch FROM clock_timestamp() - o.updated_at) * 1000)::float8 AS "idleMillis"`

type Numbers = "total" | "done" | "settled" | "failedAgain"

export type OperationRow = Omit<Operation, Numbers | "filter" | "open"> & {
  readonly [Name in Numbers]: string
} & { readonly filter: string | object }

export type TakenRow = OperationRow & Omit<Taken, keyof Operation | "counted"> & { readonly counted: string }

export const toOperation = (row: OperationRow): Operation => {
  const [total, done, settled, failedAgain] = [row.total, row.done, row.settled, row.failedAgain].map(Number) as [
    number,
    number,
    number,
    number
  ]
  const filter = fromStoredFilter(row.filter)
  return { ...row, filter, total, done, settled, failedAgain, open: done - settled - failedAgain }
}

export const toTaken = (row: TakenRow): Taken => {
  const { counted, countCursor, cursor, idleMillis, isTaken } = row
  return { ...toOperation(row), counted: Number(counted), countCursor, cursor, idleMillis, isTaken }
}

/** Time and id of a cursor, before the first if there is none. */
export const fromCursor = (cursor: string | null): readonly [at: string, id: string] => {
  const [at = "-infinity", id = "00000000-0000-0000-0000-000000000000"] = cursor?.split("/") ?? []
  return [at, id]
}
