/** A pooler in transaction mode, as small as can be: each transaction gets any of a few server connections. */
import { connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"

/** Splits a stream of protocol messages. */
const messages = (onMessage: (message: Buffer) => void) => {
  let pending = Buffer.alloc(0)
  return (data: Buffer) => {
    pending = Buffer.concat([pending, data])
    while (pending.length >= 5 && pending.length >= 1 + pending.readInt32BE(1)) {
      const length = 1 + pending.readInt32BE(1)
      const message = pending.subarray(0, length)
      pending = pending.subarray(length)
      onMessage(message)
    }
  }
}

const message = (type: string, ...parts: ReadonlyArray<Buffer>) => {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const int32 = (value: number) => {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

const text = (value: string) => Buffer.from(`${value}\0`)

interface Server {
  readonly socket: Socket
  client: Socket | undefined
}

/** What a server says at the start, as far as clients want to know. */
const greeting = (id: number) =>
  Buffer.concat([
    message("R", int32(0)),
    ...Object.entries({ server_version: "18", client_encoding: "UTF8", integer_datetimes: "on", TimeZone: "UTC" }).map(
      ([name, value]) => message("S", text(name), text(value))
    ),
    // A process id that no server has.
    message("K", int32(1_000_000_000 + id), int32(id)),
    message("Z", Buffer.from("I"))
  ])

/** Forwards to `url` through at most `size` connections until the scope closes. */
export const transactionPooler = (url: string, size: number) =>
  Effect.gen(function* () {
    const { hostname, port } = new URL(url)
    const sockets = new Set<Socket>()
    const servers: Array<Server> = []
    const waiting: Array<(server: Server) => void> = []
    const release = (server: Server) => {
      server.client = undefined
      waiting.shift()?.(server)
    }
    const open = (startup: Buffer): Server => {
      const server: Server = { socket: connect(Number(port || 5432), hostname).setNoDelay(true), client: undefined }
      sockets.add(server.socket)
      let isReady = false
      server.socket.write(startup)
      server.socket.on("error", () => server.socket.destroy())
      server.socket.on(
        "data",
        messages((each) => {
          const isIdle = each[0] === 0x5a && each[5] === 0x49
          // What is said to nobody, as a notification between two transactions, is lost.
          if (isReady) server.client?.write(each)
          if (isIdle && isReady) release(server)
          if (isIdle) isReady = true
        })
      )
      servers.push(server)
      return server
    }
    const take = (startup: Buffer, use: (server: Server) => void) => {
      const free = servers.find((server) => server.client === undefined)
      if (free !== undefined) use(free)
      else if (servers.length < size) use(open(startup))
      else waiting.push(use)
    }
    let clients = 0
    const pooler = createServer({ noDelay: true }, (client) => {
      const id = ++clients
      sockets.add(client)
      let startup: Buffer | undefined
      let server: Server | undefined
      let queued: Array<Buffer> = []
      const forward = (each: Buffer) => {
        if (each[0] === 0x58) return
        if (server?.client === client) {
          server.socket.write(each)
          return
        }
        queued.push(each)
        if (queued.length > 1) return
        take(startup as Buffer, (free) => {
          server = free
          free.client = client
          for (const waited of queued) free.socket.write(waited)
          queued = []
        })
      }
      const read = messages(forward)
      client.on("error", () => client.destroy())
      client.on("data", (data: Buffer) => {
        if (startup !== undefined) read(data)
        else if (data.readInt32BE(4) >> 16 === 1234) client.write("N")
        else {
          startup = data
          client.write(greeting(id))
        }
      })
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => pooler.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.promise(() => {
          for (const socket of sockets) socket.destroy()
          return new Promise((resolve) => pooler.close(resolve))
        })
    )
    const address = pooler.address()
    const target = new URL(url)
    target.hostname = "127.0.0.1"
    target.port = String(typeof address === "object" ? address?.port : "")
    return target.href
  })
