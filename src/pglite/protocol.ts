/**
 * Messages of the PostgreSQL protocol, as far as the bridge reads or writes them (PostgreSQL, chapter 54).
 *
 * @internal
 */

/** One protocol message, with its tag and length. */
export interface Message {
  readonly tag: string
  readonly bytes: Buffer
}

/** Splits bytes into whole messages and what is left. */
export const split = (bytes: Buffer): { readonly messages: ReadonlyArray<Message>; readonly rest: Buffer } => {
  const messages: Array<Message> = []
  let start = 0
  while (start + 5 <= bytes.length) {
    const end = start + 1 + bytes.readInt32BE(start + 1)
    if (end > bytes.length) break
    messages.push({ tag: String.fromCharCode(bytes[start]!), bytes: bytes.subarray(start, end) })
    start = end
  }
  return { messages, rest: bytes.subarray(start) }
}

export const join = (messages: ReadonlyArray<Message>): Buffer =>
  Buffer.concat(messages.map((message) => message.bytes))

/** The text that starts at `offset` and ends with a zero byte. */
export const textAt = (bytes: Buffer, offset: number): string =>
  bytes.toString("utf8", offset, bytes.indexOf(0, offset))

const message = (tag: string, ...body: ReadonlyArray<Buffer>): Buffer => {
  const content = Buffer.concat(body)
  const head = Buffer.alloc(5)
  head.write(tag, "latin1")
  head.writeInt32BE(content.length + 4, 1)
  return Buffer.concat([head, content])
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)

/** The first integer of a CancelRequest, where other clients send their protocol version (PostgreSQL, 54.7). */
export const cancelRequestCode = 80877102

export const idleStatus = "I".charCodeAt(0)

export const statementTarget = "S".charCodeAt(0)

const readyForQuery = message("Z", Buffer.from("I"))

/** AuthenticationOk, BackendKeyData and ReadyForQuery. */
export const greeting = (id: number): Buffer =>
  Buffer.concat([message("R", int32(0)), message("K", int32(id), int32(0)), readyForQuery])

/**
 * COPY FROM STDIN would wait for data inside PGlite, and block the event loop for good. A CopyFail in the same cycle ends
 * it; where there is no COPY, PostgreSQL ignores that message. PgClient then says that it does not support COPY.
 */
export const startsCopy = ({ bytes, tag }: Message): boolean =>
  tag === "P" && /\bcopy\b.*\bstdin\b/is.test(textAt(bytes, bytes.indexOf(0, 5) + 1))

export const copyFail: Message = { tag: "f", bytes: message("f", text("COPY is not supported")) }

/** What a cancelled statement is answered with, outside a transaction: query_canceled. */
export const cancelled = Buffer.concat([
  message(
    "E",
    text("SERROR"),
    text("VERROR"),
    text("C57014"),
    text("Mcanceling statement due to user request"),
    text("")
  ),
  readyForQuery
])

export const simpleQuery = (sql: string): Buffer => message("Q", text(sql))

export const closeStatements = (names: ReadonlyArray<string>): Buffer =>
  Buffer.concat([...names.map((name) => message("C", Buffer.from("S"), text(name))), message("S")])
