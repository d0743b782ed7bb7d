/**
 * All that is to be seen and to be repaired, as one service: over the stores, over HTTP, and behind the HTTP server.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import type { AdminService } from "./adminService.ts"
import { overStores } from "./answers/overStores.ts"
import { type HttpOptions, overHttp } from "./overHttp.ts"

/**
 * See `AdminService`: the same questions and answers wherever they are asked.
 *
 * @since 0.1.0
 */
export class Admin extends Context.Service<Admin, AdminService>()("effect-integration/Admin") {
  /**
   * Of an integration in this process. It has two connections of the pool at most, and each of its statements two seconds.
   *
   * @since 0.1.0
   */
  static readonly layer = Layer.effect(
    Admin,
    Effect.suspend(() => overStores)
  )
  /**
   * The same without a layer, for code with promises: `integration.run(Admin.make)`. Nothing of it has to be ended.
   *
   * @since 0.1.0
   */
  static readonly make = Effect.suspend(() => overStores)
  /**
   * Of a process that serves it over HTTP. Nothing is asked before it is used; a server that does not answer, or as something else,
   * fails with `Unavailable`.
   *
   * @param options.url - where it is mounted
   * @param options.token - who asks; default none
   *
   * @since 0.1.0
   */
  static readonly layerHttp = (options: HttpOptions): Layer.Layer<Admin> =>
    Layer.effect(Admin, overHttp(options)).pipe(Layer.provide(FetchHttpClient.layer))
}
