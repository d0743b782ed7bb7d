/** A server of its own. */
import { Layer, ManagedRuntime } from "effect"
import { AdminServer } from "effect-integration/AdminServer"
import { AdminLive, auth, type Running } from "./administration.js"

export const start = async (): Promise<Running> => {
  const runtime = ManagedRuntime.make(AdminServer.layer({ port: 0, auth }).pipe(Layer.provide(AdminLive)))
  const { url } = await runtime.runPromise(AdminServer)
  return { url, stop: () => runtime.dispose() }
}
