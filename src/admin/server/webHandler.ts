/**
 * The administration as a function from web-standard requests to responses.
 *
 * @internal
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { HttpEffect, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { Admin } from "../Admin.ts"
import type { AdminService } from "../adminService.ts"
import { Unavailable } from "../problems.ts"
import { refusal, withHeaders } from "./answers.ts"
import { makeApp } from "./app.ts"
import { type Elsewhere, nothingElsewhere } from "./elsewhere.ts"
import { type AdminServerOptions, mounted, type Serving } from "./options.ts"

/** What a web-standard server calls. @since 0.1.0 */
export type WebHandler = (request: Request) => Promise<Response>

/** What a server of Node calls. @since 0.1.0 */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => unknown

/** A handler, and what ends it. @since 0.1.0 */
export interface Mounted<Handler> {
  readonly handler: Handler
  /** Ends streams of live figures, and what was built for it. */
  readonly dispose: () => Promise<void>
}

/** Of a handler for a server that is not made with Effect. @since 0.1.0 */
export interface HandlerOptions extends AdminServerOptions {
  /**
   * What is administered: the service itself, a function that gives it when the first request comes (`() => integration.run(Admin.make)`), or a
   * layer.
   */
  readonly admin: AdminService | (() => PromiseLike<AdminService>) | Layer.Layer<Admin, unknown>
}

/** A handler as long as the scope is open. */
export const makeWebHandler = Effect.fnUntraced(function* (
  admin: AdminService,
  serving: Serving,
  elsewhere: Elsewhere
) {
  const app = yield* makeApp(admin, serving, elsewhere)
  const context = Context.omit(Scope.Scope)(yield* Effect.context<Scope.Scope>())
  return HttpEffect.toWebHandlerWith<never, HttpServerRequest.HttpServerRequest | Scope.Scope>(context)(app)
})

const adminOf = (given: HandlerOptions["admin"]) => {
  if (Layer.isLayer(given)) return Effect.map(Layer.build(given as Layer.Layer<Admin, unknown>), Context.get(Admin))
  return typeof given === "function"
    ? Effect.tryPromise({ try: () => Promise.resolve(given()), catch: (error) => error })
    : Effect.succeed(given as AdminService)
}

const notYet: WebHandler = () => {
  const detail = "What is administered could not be reached; the log of this process says why. Ask again later."
  return Promise.resolve(HttpServerResponse.toWeb(withHeaders(refusal(new Unavailable({ detail })))))
}

/** @throws AdminUnprotected, InvalidOption */
export const toWebHandler = (options: HandlerOptions, elsewhere: Elsewhere = nothingElsewhere): Mounted<WebHandler> => {
  const serving = mounted(options)
  const scope = Scope.makeUnsafe()
  let made: Promise<WebHandler> | undefined
  const make = () =>
    Effect.runPromise(
      Effect.flatMap(adminOf(options.admin), (admin) => makeWebHandler(admin, serving, elsewhere)).pipe(
        Scope.provide(scope),
        Effect.tapCause((cause) => Effect.logError("The administration cannot be served yet", cause))
      )
    )
  const handlerOf = async (): Promise<WebHandler> => {
    try {
      made ??= make()
      return await made
    } catch {
      // The next request tries again.
      made = undefined
      return notYet
    }
  }
  return {
    handler: async (request) => (await handlerOf())(request),
    dispose: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
