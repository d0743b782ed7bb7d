/**
 * The page of a folder, with the administration beside it.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { toNodeHandler } from "srvx/node"
import type { AdminServerOptions } from "../admin/server/options.ts"
import { routes } from "../admin/server/routes.ts"
import { type ListenOptions, listen } from "../admin/server/standAlone.ts"
import {
  type HandlerOptions,
  type Mounted,
  type NodeHandler,
  toWebHandler,
  type WebHandler
} from "../admin/server/webHandler.ts"
import { makeAnswer } from "./answer.ts"
import { readFiles } from "./files.ts"
import { DashboardNotBuilt } from "./notBuilt.ts"

const answerOf = (folder: URL) =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(makeAnswer(readFiles(folder)))
    } catch (error) {
      return error instanceof DashboardNotBuilt ? Effect.fail(error) : Effect.die(error)
    }
  })

/** Listens as long as the scope is open. */
export const listenWith = (folder: URL, options: ListenOptions) =>
  Effect.flatMap(answerOf(folder), (answer) => listen(options, answer))

/** Adds everything below the base path to the router that is there. */
export const routesWith = (folder: URL, options: AdminServerOptions) =>
  Layer.unwrap(Effect.map(answerOf(folder), (answer) => routes(options, answer)))

/** @throws DashboardNotBuilt, AdminUnprotected, InvalidOption, UnsupportedOption */
export const webHandlerWith = (folder: URL, options: HandlerOptions): Mounted<WebHandler> =>
  toWebHandler(options, makeAnswer(readFiles(folder)))

/** @throws DashboardNotBuilt, AdminUnprotected, InvalidOption, UnsupportedOption */
export const nodeHandlerWith = (folder: URL, options: HandlerOptions): Mounted<NodeHandler> => {
  const { dispose, handler } = webHandlerWith(folder, options)
  return { handler: toNodeHandler(handler) as NodeHandler, dispose }
}
