/** What tests ask of an application, whatever client it writes with. */
import type { TransactionClient } from "../../src/index.ts"

/** Where a client connects to, and how many connections it may have. */
export interface Place {
  readonly connectionString: string
  readonly schema: string
  readonly max: number
  readonly applicationName: string | undefined
}

/** A row that an application writes: nothing but its transactions keeps it from being there twice. */
export interface Written {
  readonly name: string
  readonly n: number
}

/** The table of those rows. */
export const createWritten =
  "CREATE TABLE IF NOT EXISTS written (seq bigint GENERATED ALWAYS AS IDENTITY, name text NOT NULL, n int NOT NULL)"

/** Isolation of a transaction, as PostgreSQL calls it. */
export type Isolation = "READ COMMITTED" | "REPEATABLE READ" | "SERIALIZABLE"

/** What an application does with its client, as the client's own documentation has it. */
export interface Application<Tx> {
  readonly client: TransactionClient<Tx>
  /** What is no transaction, though it runs statements. */
  readonly notTransactions: ReadonlyArray<unknown>
  /** Runs a body in a transaction: it commits when that resolves. */
  readonly transaction: <A>(body: (tx: Tx) => Promise<A>, isolation?: Isolation) => Promise<A>
  readonly write: (tx: Tx, row: Written) => Promise<unknown>
  /** Runs a statement that is given as a text. */
  readonly run: (tx: Tx, statement: string) => Promise<unknown>
  /** Runs a body behind a savepoint: rejected, what was written in it is taken back. */
  readonly nested: (tx: Tx, body: (tx: Tx) => Promise<void>) => Promise<void>
  readonly end: () => Promise<unknown>
}

// biome-ignore lint/suspicious/noExplicitAny: it gives a transaction and takes the same, so that nothing else stands for all.
export type AnyApplication = Application<any>

/** A statement that the server refuses. */
export const failing = "SELECT 1 / 0"

/** As `pg` is told where to connect to. */
export const optionsOf = ({ applicationName, connectionString, max, schema }: Place) => ({
  connectionString,
  max,
  ...(applicationName === undefined ? {} : { application_name: applicationName }),
  options: `-c search_path=${schema}`
})
