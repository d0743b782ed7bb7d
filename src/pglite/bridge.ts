/**
 * Connects `PgClient` to a PGlite instance in the same process: every connection of its pool is a `Duplex` that speaks
 * the PostgreSQL protocol, and all of them share PGlite's single session.
 *
 * The unit is a cycle: the messages up to a `Sync`, answered up to one `ReadyForQuery`. Cycles reach the session one at
 * a time. A connection keeps the session while its transaction is open, the others wait in line, first come first
 * served. A connection that stops waiting (cancelled, or closed) leaves the line, and its statements never run.
 *
 * What the session cannot keep apart stays shared: settings, temporary tables, session-level advisory locks.
 *
 * @internal
 */
import { Duplex } from "node:stream"
import type { PGlite } from "@electric-sql/pglite"
import {
  cancelled,
  cancelRequestCode,
  closeStatements,
  copyFail,
  greeting,
  idleStatus,
  join,
  type Message,
  simpleQuery,
  split,
  startsCopy,
  statementTarget,
  textAt
} from "./protocol.ts"

/** Virtual connections to one PGlite instance. */
export interface Bridge {
  /** Opens a connection: the `stream` option of `PgClient` and `PgConnection`. */
  readonly connect: () => Duplex
  /** Resolves when closed connections have left nothing behind: transactions rolled back, statements released. */
  readonly settled: () => Promise<void>
}

/** Makes a bridge. Nothing else may use `db` from then on. */
export const make = (db: PGlite): Bridge => {
  const session = new Session(db)
  return { connect: () => new VirtualConnection(session), settled: () => session.settled() }
}

/** PGlite's session: who has it, who waits for it, and who hears its notifications. */
class Session {
  readonly connections = new Map<number, VirtualConnection>()
  readonly #db: PGlite
  readonly #line: Array<() => void> = []
  readonly #leftovers = new Set<Promise<void>>()
  #isTaken = false
  #lastId = 0

  constructor(db: PGlite) {
    this.#db = db
  }

  /** Adds a connection and gives it the process id and secret by which it is cancelled. */
  register(connection: VirtualConnection): number {
    this.connections.set(++this.#lastId, connection)
    return this.#lastId
  }

  /** Takes a place in line. Gives a function that leaves the line: false when it is too late, the turn has come. */
  enqueue(onTurn: () => void): () => boolean {
    if (!this.#isTaken) {
      this.#isTaken = true
      onTurn()
      return () => false
    }
    this.#line.push(onTurn)
    return () => {
      const position = this.#line.indexOf(onTurn)
      if (position >= 0) this.#line.splice(position, 1)
      return position >= 0
    }
  }

  /** Ends a turn. */
  pass(): void {
    const next = this.#line.shift()
    if (next === undefined) this.#isTaken = false
    else next()
  }

  /**
   * Runs one cycle in the current turn, and gives its answer. PGlite executes it to the end before the event loop goes
   * on. Notifications go to every connection, as the session listens for all of them; PgConnection ignores channels it
   * did not ask for.
   */
  async exchange(cycle: Buffer): Promise<ReadonlyArray<Message>> {
    const chunks: Array<Buffer> = []
    await this.#db.runExclusive(() =>
      this.#db.execProtocolRawStream(cycle, {
        // Neither memory nor a directory has anything to synchronise.
        syncToFs: false,
        onRawData: (bytes) => void chunks.push(Buffer.from(bytes))
      })
    )
    const answer = split(Buffer.concat(chunks)).messages
    const notifications = answer.filter((message) => message.tag === "A")
    if (notifications.length > 0)
      for (const connection of this.connections.values()) connection.push(join(notifications))
    return answer.filter((message) => message.tag !== "A")
  }

  /** Runs what a closed connection left to do, in the turn it had or in one of its own, and ends that turn. */
  finish(cycles: ReadonlyArray<Buffer>, hasTurn: boolean): void {
    const turn = hasTurn ? Promise.resolve() : new Promise<void>((resolve) => void this.enqueue(resolve))
    const done = turn
      .then(async () => {
        for (const cycle of cycles) await this.exchange(cycle)
      })
      .catch(() => {})
      .finally(() => {
        this.#leftovers.delete(done)
        this.pass()
      })
    this.#leftovers.add(done)
  }

  async settled(): Promise<void> {
    await Promise.all(this.#leftovers)
  }
}

/** What PgConnection sees as its socket. */
class VirtualConnection extends Duplex {
  readonly #session: Session
  /** Names this connection prepared and has not closed. */
  readonly #prepared = new Set<string>()
  readonly #cycles: Array<Buffer> = []
  #id: number | undefined
  #received: Buffer = Buffer.alloc(0)
  #leaveLine: (() => boolean) | undefined
  #hasTurn = false
  #isBusy = false
  #isEnding = false

  constructor(session: Session) {
    super()
    this.#session = session
  }

  override _read(): void {}

  /** Never waits for the session: what comes next may be the end of the connection. */
  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#received = Buffer.concat([this.#received, data])
    if (this.#id === undefined) this.#handshake()
    if (this.#id !== undefined) this.#receive()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#id !== undefined) this.#session.connections.delete(this.#id)
    this.#cycles.length = 0
    this.#leaveLine?.()
    this.#cleanUp()
    done(error)
  }

  /** Answers what a client sends first: a request to cancel another connection, or its start-up parameters. */
  #handshake(): void {
    if (this.#received.length < 8) return
    const size = this.#received.readInt32BE(0)
    if (this.#received.length < size) return
    if (this.#received.readInt32BE(4) === cancelRequestCode) {
      this.#session.connections.get(this.#received.readInt32BE(8))?.cancel()
      return void this.destroy()
    }
    this.#received = this.#received.subarray(size)
    this.#id = this.#session.register(this)
    this.push(greeting(this.#id))
  }

  #receive(): void {
    const { messages, rest } = split(this.#received)
    let start = 0
    messages.forEach(({ tag }, index) => {
      if (tag === "X") this.#isEnding = true
      if (tag !== "S" && tag !== "Q") return
      const cycle = messages.slice(start, index + 1)
      this.#trackPrepared(cycle)
      this.#cycles.push(join(cycle.some(startsCopy) ? cycle.toSpliced(-1, 0, copyFail) : cycle))
      start = index + 1
    })
    // Only whole cycles leave this buffer: half of one would make the session wait for the rest.
    this.#received = Buffer.concat([join(messages.slice(start)), rest])
    this.#next()
  }

  /** PgConnection gives its statements random names, so no other connection uses them once this one is gone. */
  #trackPrepared(cycle: ReadonlyArray<Message>): void {
    for (const { bytes, tag } of cycle) {
      const name = tag === "P" ? textAt(bytes, 5) : tag === "C" && bytes[5] === statementTarget ? textAt(bytes, 6) : ""
      if (name === "") continue
      if (tag === "P") this.#prepared.add(name)
      else this.#prepared.delete(name)
    }
  }

  /** Does the next thing there is to do, if nothing is being done. */
  #next(): void {
    if (this.#isBusy || this.destroyed) return
    if (this.#cycles.length > 0 && this.#hasTurn) return this.#run()
    // A connection that was closed while it waits does not insist.
    if (this.#isEnding) return void this.destroy()
    if (this.#cycles.length === 0 || this.#leaveLine !== undefined) return
    const leave = this.#session.enqueue(() => {
      this.#leaveLine = undefined
      this.#hasTurn = true
      this.#next()
    })
    if (!this.#hasTurn) this.#leaveLine = leave
  }

  #run(): void {
    const cycle = this.#cycles.shift()!
    this.#isBusy = true
    this.#session
      .exchange(cycle)
      .then((answer) => this.#deliver(answer))
      .catch((cause) => this.#fail(cause))
  }

  #deliver(answer: ReadonlyArray<Message>): void {
    const ready = answer.findLast((message) => message.tag === "Z")
    if (ready === undefined) throw new Error("PGlite did not finish its answer")
    this.#isBusy = false
    // Before the answer is passed on: the client may send its next statement, or close, while it takes the answer.
    if (ready.bytes[5] === idleStatus) {
      this.#hasTurn = false
      this.#session.pass()
    }
    if (this.destroyed) return this.#cleanUp()
    this.push(join(answer))
    this.#next()
  }

  #fail(cause: unknown): void {
    this.#isBusy = false
    if (this.destroyed) this.#cleanUp()
    else this.destroy(cause instanceof Error ? cause : new Error(String(cause)))
  }

  /**
   * Takes the waiting cycles back and answers them as PostgreSQL answers a cancelled statement. A cycle that has
   * reached the session is not affected: its answer is about to arrive.
   */
  cancel(): void {
    if (this.#leaveLine?.() !== true) return
    this.#leaveLine = undefined
    for (const _ of this.#cycles.splice(0)) this.push(cancelled)
  }

  /** Leaves nothing of a closed connection in the session. While a cycle runs this waits: it is called again then. */
  #cleanUp(): void {
    if (this.#isBusy) return
    const rollback = this.#hasTurn ? [simpleQuery("ROLLBACK")] : []
    const close = this.#prepared.size > 0 ? [closeStatements([...this.#prepared])] : []
    if (rollback.length + close.length > 0) this.#session.finish([...rollback, ...close], this.#hasTurn)
    this.#hasTurn = false
    this.#prepared.clear()
  }
}
