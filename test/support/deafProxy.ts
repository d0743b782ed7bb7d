/** A TCP proxy on loopback that drops notifications on their way to the client, as some poolers do. */
import { connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"

const notification = 0x41

/** Whole messages of a server, without notifications. */
const filtering = (forward: (message: Buffer) => void) => {
  let pending = Buffer.alloc(0)
  return (data: Buffer) => {
    pending = Buffer.concat([pending, data])
    while (pending.length >= 5 && pending.length >= 1 + pending.readInt32BE(1)) {
      const length = 1 + pending.readInt32BE(1)
      if (pending[0] !== notification) forward(pending.subarray(0, length))
      pending = pending.subarray(length)
    }
  }
}

/** Forwards to `url` until the scope closes. */
export const deafProxy = (url: string) =>
  Effect.gen(function* () {
    const { hostname, port } = new URL(url)
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true }, (client) => {
      const upstream = connect(Number(port || 5432), hostname)
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on("error", () => socket.destroy())
      }
      client.on("close", () => upstream.destroy())
      upstream.on("close", () => client.destroy())
      client.on("data", (data: Buffer) => {
        // TLS is refused here: what is encrypted could not be told apart.
        if (data.length === 8 && data.readInt32BE(4) >> 16 === 1234) client.write("N")
        else upstream.write(data)
      })
      upstream.on(
        "data",
        filtering((message) => client.write(message))
      )
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
    return target.href
  })
