/**
 * The dashboard: a page for browsers, and the administration that it asks, as a server of its own or mounted in one that is there.
 *
 * @since 0.1.0
 */
import { Context, Layer } from "effect"
import type { HttpRouter } from "effect/http"
import type { Admin } from "../admin/Admin.ts"
import type { AdminServerOptions } from "../admin/server/options.ts"
import type { AdminNotListening, AdminOptionError } from "../admin/server/serverErrors.ts"
import type { Listening, ListenOptions } from "../admin/server/standAlone.ts"
import type { HandlerOptions, Mounted, NodeHandler, WebHandler } from "../admin/server/webHandler.ts"
import { builtFolder } from "./files.ts"
import type { DashboardNotBuilt } from "./notBuilt.ts"
import { listenWith, nodeHandlerWith, routesWith, webHandlerWith } from "./served.ts"

/**
 * Where a dashboard of its own listens. Everything that `AdminServer` answers is answered, too, and everything that can be said of how that
 * is served can be said here: who may come in, what they see, and the environment that the page shows.
 *
 * @since 0.1.0
 */
export class Dashboard extends Context.Service<Dashboard, Listening>()("effect-integration/Dashboard") {
  /**
   * A server of its own, on Node. When the layer ends, streams end, and what is being answered has five seconds.
   *
   * @param options.port - 0: a free one; `Dashboard` says which
   * @param options.host - default `127.0.0.1`; any that others reach fails with `AdminUnprotected` unless `auth` says who may come in
   *
   * Fails with `InvalidOption` or `UnsupportedOption`, with `AdminNotListening` if the port is taken, and with `DashboardNotBuilt` if the
   * files of the page are not in the package.
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options: ListenOptions
  ): Layer.Layer<Dashboard, AdminNotListening | AdminOptionError | DashboardNotBuilt, Admin> =>
    Layer.effect(Dashboard, listenWith(builtFolder, options))

  /**
   * Adds it to an `HttpRouter`, below `basePath`; without one, it answers what no other route does. Fails with `AdminUnprotected` without
   * `auth`, with `InvalidOption`, `UnsupportedOption` and `DashboardNotBuilt`.
   *
   * @since 0.1.0
   */
  static readonly routes = (
    options: AdminServerOptions
  ): Layer.Layer<never, AdminOptionError | DashboardNotBuilt, Admin | HttpRouter.HttpRouter> =>
    routesWith(builtFolder, options)

  /**
   * A web-standard handler, for Hono, Bun, Deno, and whatever else has requests of the web: for `basePath` and everything below it. Throws
   * `AdminUnprotected` without `auth`, `InvalidOption`, `UnsupportedOption` and `DashboardNotBuilt`.
   *
   * @param options.admin - what is administered
   *
   * @since 0.1.0
   */
  static readonly toWebHandler = (options: HandlerOptions): Mounted<WebHandler> => webHandlerWith(builtFolder, options)

  /**
   * The same for servers of Node: Express, NestJS, Fastify's `raw` requests, `node:http`. A body that a handler before it has parsed
   * (`express.json()`) is taken from `request.body`.
   *
   * @since 0.1.0
   */
  static readonly toNodeHandler = (options: HandlerOptions): Mounted<NodeHandler> =>
    nodeHandlerWith(builtFolder, options)
}
