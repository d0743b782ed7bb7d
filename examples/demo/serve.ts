/** Serves the dashboard of the demo, for this machine only. */
import { Console, Effect, Layer } from "effect"
import { Admin } from "../../src/admin/Admin.ts"
import { AdminServer } from "../../src/admin/AdminServer.ts"
import { Dashboard } from "../../src/dashboard/Dashboard.ts"
import type { Flags } from "./flags.ts"
import * as Page from "./page.ts"

const environment = "demo"

const dashboard = ({ port }: Flags) =>
  Layer.unwrap(Effect.as(Page.built, Dashboard.layer({ port, environment }))).pipe(Layer.provide(Admin.layer))

const api = ({ port }: Flags) => AdminServer.layer({ port, environment }).pipe(Layer.provide(Admin.layer))

const tell = (what: string, url: string) => Console.log(`\n${what}: ${url} (Ctrl-C ends it)`)

/** Serves it as long as `use` runs, and says where. */
export const serveWhile = <A, E, R>(flags: Flags, use: Effect.Effect<A, E, R>) =>
  flags.api
    ? AdminServer.use(({ url }) => Effect.andThen(tell("API of the dashboard", `${url}/api/v1/`), use)).pipe(
        Effect.provide(api(flags))
      )
    : Dashboard.use(({ url }) => Effect.andThen(tell("Dashboard", `${url}/`), use)).pipe(
        Effect.provide(dashboard(flags))
      )
