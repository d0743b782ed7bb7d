/** What a run writes: bytes of the server's log, and of what it leaves in its database. */
import { ManagedRuntime } from "effect"
import { clientFor, execute } from "./database.ts"

export interface Storage {
  /** Bytes of log (WAL) so far, of the server as a whole. */
  readonly written: () => Promise<number>
  /** Bytes that the database takes more than when it was opened. */
  readonly kept: () => Promise<number>
}

/** On a connection of its own, which is idle while something is timed. */
export const openStorage = async (url: string): Promise<Storage> => {
  const runtime = ManagedRuntime.make(clientFor(url, 1))
  const read = async (expression: string) => {
    const [row] = (await execute(runtime, `SELECT (${expression})::text AS bytes`)) as ReadonlyArray<{ bytes: string }>
    return Number(row?.bytes)
  }
  const size = () => read("pg_database_size(current_database())")
  const empty = await size()
  return {
    written: () => read("pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"),
    kept: async () => (await size()) - empty
  }
}
