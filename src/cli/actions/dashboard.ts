/**
 * `dashboard`: serves the page, and the API that it asks, to browsers of this machine.
 *
 * @internal
 */
import { Effect, Layer, References } from "effect"
import { FetchHttpClient } from "effect/http"
import { sessionOverHttp } from "../../admin/overHttp.ts"
import { isLoopback } from "../../admin/server/options.ts"
import { Dashboard } from "../../dashboard/Dashboard.ts"
import { askerName, connected, httpOf, type Target, targetOf } from "../connect.ts"
import { exitCodes, NotDone } from "../failures.ts"
import { clean } from "../output/clean.ts"
import { Call, note, tell } from "../session.ts"
import { isBehind, migrationsOf, tellStatus } from "./migrations.ts"

/** What `dashboard` takes. */
export interface DashboardInput {
  readonly port: number | undefined
  readonly host: string | undefined
}

const defaultPort = 4415

/** Whoever is at this machine asks as the one who has started it: of a process as the token's user, who sees no more of it here. */
const rightsOf = Effect.fnUntraced(function* (target: Target) {
  if (target.kind === "database") {
    const user = { name: askerName(), role: "admin" } as const
    return { auth: { authenticate: () => user } }
  }
  const session = yield* Effect.provide(sessionOverHttp(httpOf(target)), FetchHttpClient.layer)
  const { environment, name, role, visibility } = session
  yield* note(
    `What is asked here is asked of the process at ${clean(target.url)}, as ${clean(name)} (${role}). It serves the API itself, and may serve the dashboard, too.`
  )
  return {
    auth: { authenticate: () => ({ name, role }) },
    visibility: { [role]: visibility },
    environment: environment ?? undefined
  }
})

const serve = Effect.gen(function* () {
  const { url } = yield* Dashboard
  yield* tell({ url }, () => `The dashboard is at ${url}`)
  return yield* Effect.never
})

/** Goes on until it is interrupted. */
export const dashboard = Effect.fnUntraced(function* ({ host = "127.0.0.1", port = defaultPort }: DashboardInput) {
  if (!isLoopback(host)) {
    return yield* new NotDone({
      detail: `${clean(host)} can be reached from other machines, and who opens the dashboard of this command may do what you may. Leave --host out; for others, the application serves it with auth: see docs/dashboard.md.`
    })
  }
  const target = yield* targetOf(yield* Call)
  const migrations = target.kind === "database" ? yield* migrationsOf(target) : undefined
  if (migrations !== undefined && isBehind(migrations)) {
    yield* tellStatus(migrations, { migrations, url: null })
    return exitCodes.found
  }
  // The figures of this program are of no interest to anybody.
  const options = { host, port, metrics: "off" as const, ...(yield* rightsOf(target)) }
  return yield* serve.pipe(
    Effect.provide(Layer.provide(Dashboard.layer(options), connected)),
    // Where it is served is said already.
    Effect.provideService(References.MinimumLogLevel, "Warn")
  )
})
