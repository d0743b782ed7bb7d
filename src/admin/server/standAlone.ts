/**
 * The administration as an HTTP server of its own, on Node.
 *
 * @internal
 */
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { Deferred, Effect } from "effect"
import { serve } from "srvx/node"
import { Admin } from "../Admin.ts"
import { type Elsewhere, nothingElsewhere } from "./elsewhere.ts"
import { type AdminServerOptions, inUrl, standingAlone } from "./options.ts"
import { AdminNotListening, checked } from "./serverErrors.ts"
import { makeWebHandler, type WebHandler } from "./webHandler.ts"

/** Of a server of its own. @since 0.1.0 */
export interface ListenOptions extends AdminServerOptions {
  /** 0: a free one. */
  readonly port: number
  /** Default `127.0.0.1`: reached from this machine only. Any other than this machine's own wants `auth`. */
  readonly host?: string | undefined
}

/** Where a server is to be found. @since 0.1.0 */
export interface Listening {
  /** With the base path, without a slash at its end. */
  readonly url: string
  readonly host: string
  readonly port: number
}

/** What a slow or silent client may hold, in milliseconds. */
const timeouts = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000
}

/** What is being answered has so long when the server ends. */
const grace = "5 seconds"

const errorText = (error: unknown) => (error instanceof Error ? error.message : String(error))

const start = (host: string, port: number, handler: WebHandler) =>
  Effect.tryPromise({
    try: async () => {
      const server = serve({
        fetch: handler,
        port,
        hostname: host,
        manual: true,
        silent: true,
        gracefulShutdown: false,
        // A last line: what is allowed is decided by what is asked.
        maxRequestBodySize: 16 * 1_048_576,
        node: timeouts
      })
      await server.serve()
      return server
    },
    catch: (error) => new AdminNotListening({ host, port, reason: errorText(error) })
  })

/** Connections whose streams have ended would be kept for another request, which is not answered any more. */
const dropIdle = (server: ReturnType<typeof serve>) =>
  Effect.forever(
    Effect.andThen(
      Effect.sync(() => (server.node?.server as Server | undefined)?.closeIdleConnections()),
      Effect.sleep("50 millis")
    )
  )

const stop = (server: ReturnType<typeof serve>) =>
  Effect.promise(() => server.close()).pipe(
    Effect.raceFirst(dropIdle(server)),
    Effect.timeoutOption(grace),
    Effect.andThen(Effect.promise(() => server.close(true))),
    Effect.asVoid
  )

/** Listens as long as the scope is open. */
export const listen = Effect.fnUntraced(function* (
  { host = "127.0.0.1", port, ...options }: ListenOptions,
  elsewhere: Elsewhere = nothingElsewhere
) {
  const admin = yield* Admin
  // What is wrong with the options is said before anything listens.
  yield* checked(() => standingAlone(options, host, port))
  const handler = yield* Deferred.make<WebHandler>()
  const server = yield* Effect.acquireRelease(
    start(host, port, async (request) => (await Effect.runPromise(Deferred.await(handler)))(request)),
    // By then streams have been told to end, as they were made after this.
    stop
  )
  const bound = server.node?.server?.address() as AddressInfo
  const serving = yield* checked(() => standingAlone(options, host, bound.port))
  yield* Deferred.succeed(handler, yield* makeWebHandler(admin, serving, elsewhere))
  const listening: Listening = {
    url: `http://${inUrl(host)}:${bound.port}${serving.basePath}`,
    host,
    port: bound.port
  }
  yield* Effect.logInfo(`The administration is served at ${listening.url}`)
  return listening
})
