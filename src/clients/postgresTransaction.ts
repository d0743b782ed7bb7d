/**
 * A transaction of `postgres` with what `sql.begin` does not do for the engine.
 *
 * `sql.begin` remembers each query that failed and rejects at its end, though a savepoint took the failure back: so it is told of those only
 * that nothing took back. A query on a connection that has ended ends the process, or waits for ever: so it is not sent, and those that
 * wait are rejected.
 *
 * @internal
 */
import { newSavepoints, type Savepoints } from "./postgresSavepoints.ts"

/** A query of `postgres`: a promise that is sent when somebody waits for it. */
export interface Query extends Promise<unknown> {
  /** Its texts between parameters. */
  readonly strings: ReadonlyArray<string>
  handler: { (query: Query): unknown; debug?: unknown }
  readonly reject: (error: unknown) => void
}

/** A `TransactionSql`, as it is used here. */
export interface Sql {
  (...args: ReadonlyArray<unknown>): unknown
  readonly typed: (value: unknown, type: number) => unknown
  readonly unsafe: (query: string, parameters?: ReadonlyArray<unknown>, options?: object) => Query
}

/** What is known of a transaction. */
export interface State {
  /** A statement in it has failed, and nobody knows whether that was taken back. */
  hasFailed: boolean
  /** No statement is sent any more, but rejected with what this makes: an error is costly, and hardly ever asked for. */
  over: (() => unknown) | undefined
  readonly waiting: Set<Query>
  savepoints: number
  /** The engine's, in a transaction that is the application's. */
  readonly ours: Savepoints
}

export const newState = (): State => ({
  hasFailed: false,
  over: undefined,
  waiting: new Set(),
  savepoints: 0,
  ours: newSavepoints()
})

const hasEnded = () => new Error("The transaction has ended")

/** From now on no statement is sent; those that wait for an answer are rejected. */
export const close = (state: State, errorOf: () => unknown = hasEnded) => {
  state.over ??= errorOf
  for (const query of state.waiting) query.reject(errorOf())
  state.waiting.clear()
}

/** From now on no statement is sent; those that wait for an answer get it. */
export const finish = (state: State) => {
  state.over ??= hasEnded
}

/** Codes of sockets whose connection is lost, as the operating system names them. */
const ofSockets = new Set(
  "ECONNABORTED ECONNREFUSED ECONNRESET EHOSTDOWN EHOSTUNREACH ENETDOWN ENETRESET ENETUNREACH ENOTCONN EPIPE EPROTO ETIMEDOUT".split(
    " "
  )
)

/** Whether the connection is lost: `CONNECTION_CLOSED`, `CONNECT_TIMEOUT` … of `postgres`, or what a socket says. Files have errors, too. */
const isOfConnection = (error: unknown) => {
  const { code } = Object(error)
  return typeof code === "string" && (/^CONNECT(ION)?_/.test(code) || ofSockets.has(code))
}

/**
 * Whether a statement ends the transaction: then `postgres` gives its connection to others, and what `tx` is asked for next is in theirs, or
 * never answered.
 */
const isEnding = ({ strings }: Query) =>
  /^\s*(commit|end|abort|prepare\s+transaction|rollback(?!(\s+(work|transaction))?\s+to))\b/i.test(strings[0] ?? "")

const notTheirs = () =>
  new Error("The transaction is the engine's to end: return from the handler to commit it, throw to roll it back")

/** What somebody makes of how a query ended, before anybody else hears of it. */
interface Heeding {
  readonly done: () => void
  /** `tell` has `sql.begin` reject at its end. */
  readonly failed: (tell: () => void) => void
}

/** A failure in a transaction of the engine's is its own to look at: before COMMIT. */
const unheeded: Heeding = { done: () => undefined, failed: () => undefined }

/** Lets a query take notice of the state of its transaction, when it is sent. */
export const quiet = (query: Query, state: State, heeding = unheeded): Query => {
  const { handler } = query
  const send = (self: Query): unknown => {
    if (state.over !== undefined) return self.reject(state.over())
    if (isEnding(self)) return self.reject(notTheirs())
    let hear: ((error: unknown) => void) | undefined
    state.waiting.add(self)
    // Before anybody else hears of it: who does may have the next statement sent at once.
    Promise.prototype.then.call(
      self,
      () => {
        state.waiting.delete(self)
        heeding.done()
      },
      (error: unknown) => {
        state.waiting.delete(self)
        state.hasFailed = true
        if (isOfConnection(error)) close(state, () => error)
        heeding.failed(() => hear?.(error))
      }
    )
    // `sql.begin` asks to hear of its failure.
    const listen = (listener: (error: unknown) => void) => {
      hear = listener
      return self
    }
    Object.defineProperty(self, "catch", { configurable: true, value: listen })
    try {
      return handler(self)
    } finally {
      Reflect.deleteProperty(self, "catch")
    }
  }
  query.handler = Object.assign(send, { debug: handler.debug })
  return query
}

/** The same for a query of the engine's in a transaction of the application's: `sql.begin` hears of what no savepoint took back. */
export const heeded = (query: Query, text: string, state: State): Query =>
  quiet(query, state, {
    done: () => state.ours.done(text),
    failed: (tell) => state.ours.failed(text, tell)
  })

const isQuery = (value: unknown): value is Query => value instanceof Promise && "handler" in value

/** `sql.savepoint`, with statements of this transaction. */
const savepointOf =
  (tx: Sql, state: State) =>
  async (...args: readonly [name: string, body: Body] | readonly [body: Body]): Promise<unknown> => {
    const body = args.length === 1 ? args[0] : args[1]
    const name = `"s${state.savepoints++}${args.length === 1 ? "" : `_${args[0].replaceAll('"', '""')}`}"`
    await tx.unsafe(`SAVEPOINT ${name}`)
    try {
      const result = await body(tx)
      const all = Array.isArray(result) ? await Promise.all(result) : result
      await tx.unsafe(`RELEASE SAVEPOINT ${name}`)
      return all
    } catch (error) {
      await tx.unsafe(`ROLLBACK TO SAVEPOINT ${name}`)
      throw error
    }
  }

type Body = (tx: Sql) => unknown

/** The transaction as the application gets it: all of what `sql.begin` gives, with queries that take notice of `state`. */
export const guarded = <Tx extends object>(tx: Tx, state: State): Tx => {
  const noticed = (value: unknown) => (isQuery(value) ? quiet(value, state) : value)
  const own: Tx = new Proxy(tx, {
    apply: (target, _, args) => noticed(Reflect.apply(target as unknown as Sql, undefined, args)),
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key)
      if (key === "savepoint") return savepointOf(own as unknown as Sql, state)
      return key === "unsafe" || key === "file"
        ? (...args: ReadonlyArray<unknown>) => noticed(Reflect.apply(value as Sql, target, args))
        : value
    }
  })
  return own
}
