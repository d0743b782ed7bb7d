/** A TCP proxy on loopback that counts statements, can fall silent, or cut a connection at its n-th statement. */
import { connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"

/** Where a cut happens: before the server sees the statement, or after it has answered, when nobody hears it. */
export interface Cut {
  readonly at: number
  readonly when: "before" | "after"
}

/** Calls `onStatement` for each message that makes the server do something, before it is forwarded. */
const watchStatements = (client: Socket, onStatement: () => void) => {
  let pending = Buffer.alloc(0)
  let isStarted = false
  return (data: Buffer) => {
    pending = Buffer.concat([pending, data])
    for (;;) {
      const header = isStarted ? 1 : 0
      if (pending.length < header + 4) return
      const length = header + pending.readInt32BE(header)
      if (pending.length < length) return
      if (isStarted && (pending[0] === 0x45 || pending[0] === 0x51)) onStatement()
      if (!isStarted) isStarted = pending.readInt32BE(4) >> 16 !== 1234
      pending = pending.subarray(length)
      if (client.destroyed) return
    }
  }
}

/** Forwards to `url` until the scope closes. */
export const faultProxy = (url: string) =>
  Effect.gen(function* () {
    const { hostname, port } = new URL(url)
    const sockets = new Set<Socket>()
    const live = new Set<{ isSilent: boolean }>()
    let statements = 0
    let cut: Cut | undefined
    const server = createServer((client) => {
      const upstream = connect(Number(port || 5432), hostname)
      const state = { isSilent: false }
      live.add(state)
      let isCutting = false
      const end = () => {
        live.delete(state)
        client.destroy()
        upstream.destroy()
      }
      for (const socket of [client, upstream]) {
        sockets.add(socket)
        socket.on("error", end)
        socket.on("close", () => {
          if (!state.isSilent) end()
        })
      }
      const watch = watchStatements(client, () => {
        if (++statements !== cut?.at) return
        if (cut.when === "before") end()
        else isCutting = true
      })
      client.on("data", (data: Buffer) => {
        if (state.isSilent) return
        watch(data)
        if (!client.destroyed) upstream.write(data)
      })
      upstream.on("data", (data: Buffer) => {
        if (state.isSilent) return
        if (isCutting) end()
        else client.write(data)
      })
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
    return {
      url: target.href,
      /** From now on nothing passes on the connections there are, and neither end is told. New ones work. */
      silence: () => {
        for (const state of live) state.isSilent = true
        const count = live.size
        live.clear()
        return count
      },
      /** Counts statements anew, and cuts the connection of one of them. */
      arm: (next: Cut | undefined) => {
        statements = 0
        cut = next
      },
      statements: () => statements
    }
  })
