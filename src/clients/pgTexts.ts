/**
 * What `pg` is asked for a statement, by whoever asks it: values as PostgreSQL writes them, whatever type parsers the application has.
 *
 * @internal
 */
import type { ClientParameter, ClientResult, ClientTransactionState } from "../stores/TransactionClient.ts"

/** What `pg` gives for a statement, as far as it is read here. @since 0.1.0 */
export interface PgResult {
  readonly command: string
  readonly rows: ReadonlyArray<unknown>
  readonly fields: ReadonlyArray<{ readonly name: string; readonly dataTypeID: number }>
}

const types = { getTypeParser: () => (value: string) => value }

/** A statement whose rows come as arrays of texts. */
export const textQuery = (text: string, parameters: ReadonlyArray<ClientParameter>, name?: string | undefined) => ({
  ...(name === undefined ? undefined : { name }),
  text,
  values: [...parameters],
  rowMode: "array" as const,
  types
})

/** What such a statement gave. */
export const resultOf = ({ fields, rows }: PgResult): ClientResult => ({
  columns: fields.map(({ dataTypeID, name }) => ({ name, type: dataTypeID })),
  rows: rows as ReadonlyArray<ReadonlyArray<unknown>>
})

/** With this option, `pg` asks for other values than texts, and no statement can ask for texts. */
export const isBinary = (maker: string) =>
  new TypeError(`${maker}: values have to come as texts. Leave out binary: true of the Pool.`)

const states: Readonly<Record<string, ClientTransactionState>> = { I: "none", T: "open", E: "failed" }

/** Between an error and what the server then says of the transaction, the connection takes no statement. */
const isReady = (connection: object) => !("readyForQuery" in connection) || connection.readyForQuery !== false

/** What the server last said of a connection's transaction; newer versions of `pg` tell. */
export const stateOfConnection = (connection: object): ClientTransactionState =>
  "getTransactionStatus" in connection && typeof connection.getTransactionStatus === "function" && isReady(connection)
    ? (states[String(connection.getTransactionStatus())] ?? "unknown")
    : "unknown"
