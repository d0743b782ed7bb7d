/** Serves the dashboard of the demo, for this machine only. */
import { Console, Effect, Layer } from "effect"
import { Admin } from "../../src/admin/Admin.ts"
import { Dashboard } from "../../src/dashboard/Dashboard.ts"

const Server = Dashboard

const server = (port: number) => Server.layer({ port, environment: "demo" }).pipe(Layer.provide(Admin.layer))

/** Serves it as long as `use` runs. */
export const serveWhile = <A, E, R>(port: number, use: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { url } = yield* Server
    yield* Console.log(`\nDashboard: ${url}/ (Ctrl-C ends it)`)
    return yield* use
  }).pipe(Effect.provide(server(port)))
