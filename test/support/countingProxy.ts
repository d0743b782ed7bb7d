/** A TCP proxy on loopback that counts the statements a PostgreSQL client executes. */
import { connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"

/** Counts protocol messages: an Execute per extended statement, a Query per simple one. */
const countStatements = (client: Socket, onStatement: () => void) => {
  let pending = Buffer.alloc(0)
  let isStarted = false
  client.on("data", (data: Buffer) => {
    pending = Buffer.concat([pending, data])
    for (;;) {
      const header = isStarted ? 1 : 0
      if (pending.length < header + 4) return
      const length = header + pending.readInt32BE(header)
      if (pending.length < length) return
      if (isStarted && (pending[0] === 0x45 || pending[0] === 0x51)) onStatement()
      // A request for SSL or cancellation comes before, or instead of, the start message.
      if (!isStarted) isStarted = pending.readInt32BE(4) >> 16 !== 1234
      pending = pending.subarray(length)
    }
  })
}

/** Forwards to `url` until the scope closes. */
export const countingProxy = (url: string) =>
  Effect.gen(function* () {
    const { hostname, port } = new URL(url)
    const sockets = new Set<Socket>()
    let statements = 0
    const server = createServer((client) => {
      const upstream = connect(Number(port || 5432), hostname)
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client]
      ] as const) {
        sockets.add(socket)
        socket.on("error", () => other.destroy())
        socket.on("close", () => other.destroy())
      }
      countStatements(client, () => statements++)
      client.pipe(upstream)
      upstream.pipe(client)
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.promise(() => {
          for (const socket of sockets) socket.destroy()
          return new Promise((resolve) => server.close(resolve))
        })
    )
    const address = server.address()
    const target = new URL(url)
    target.hostname = "127.0.0.1"
    target.port = String(typeof address === "object" ? address?.port : "")
    return { url: target.href, statements: () => statements }
  })
