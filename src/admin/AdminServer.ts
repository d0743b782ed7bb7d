/**
 * The administration over HTTP: as a server of its own, or mounted in one that is there.
 *
 * @since 0.1.0
 */
import { Context, Layer } from "effect"
import type { HttpRouter } from "effect/http"
import { toNodeHandler } from "srvx/node"
import type { Admin } from "./Admin.ts"
import type { AdminServerOptions } from "./server/options.ts"
import { routes } from "./server/routes.ts"
import type { AdminNotListening, AdminOptionError } from "./server/serverErrors.ts"
import { type Listening, type ListenOptions, listen } from "./server/standAlone.ts"
import {
  type HandlerOptions,
  type Mounted,
  type NodeHandler,
  toWebHandler,
  type WebHandler
} from "./server/webHandler.ts"

/**
 * Where a server of its own listens.
 *
 * @since 0.1.0
 */
export class AdminServer extends Context.Service<AdminServer, Listening>()("effect-integration/AdminServer") {
  /**
   * A server of its own, on Node. When the layer ends, streams end, and what is being answered has five seconds.
   *
   * @param options.port - 0: a free one; `AdminServer` says which
   * @param options.host - default `127.0.0.1`; any that others reach fails with `AdminUnprotected` unless `auth` says who may come in
   *
   * Fails with `InvalidOption` or `UnsupportedOption`, and with `AdminNotListening` if the port is taken.
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options: ListenOptions
  ): Layer.Layer<AdminServer, AdminNotListening | AdminOptionError, Admin> => Layer.effect(AdminServer, listen(options))

  /**
   * Adds it to an `HttpRouter`, below `basePath`. Fails with `AdminUnprotected` without `auth`, with `InvalidOption` and
   * `UnsupportedOption`.
   *
   * @since 0.1.0
   */
  static readonly routes = (
    options: AdminServerOptions
  ): Layer.Layer<never, AdminOptionError, Admin | HttpRouter.HttpRouter> => routes(options)

  /**
   * A web-standard handler, for Hono, Bun, Deno, and whatever else has requests of the web. Throws `AdminUnprotected` without `auth`,
   * `InvalidOption` and `UnsupportedOption`.
   *
   * @param options.admin - what is administered
   *
   * @since 0.1.0
   */
  static readonly toWebHandler = (options: HandlerOptions): Mounted<WebHandler> => toWebHandler(options)

  /**
   * The same for servers of Node: Express, NestJS, Fastify's `raw` requests, `node:http`. A body that a handler before it has parsed
   * (`express.json()`) is taken from `request.body`.
   *
   * @since 0.1.0
   */
  static readonly toNodeHandler = (options: HandlerOptions): Mounted<NodeHandler> => {
    const { dispose, handler } = toWebHandler(options)
    return { handler: toNodeHandler(handler) as NodeHandler, dispose }
  }
}
