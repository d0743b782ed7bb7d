/**
 * Where the administration is that a command asks: behind a database, or in a process.
 *
 * @internal
 */

import { userInfo } from "node:os"
import { Effect, Layer, Redacted } from "effect"
import { Admin } from "../admin/Admin.ts"
import { CurrentUser } from "../admin/access.ts"
import type { HttpOptions } from "../admin/overHttp.ts"
import type { Problem } from "../admin/problems.ts"
import type { IntegrationError } from "../integration/Integration.ts"
import { schemaOfUrl } from "../integration/schemaOption.ts"
import { adminOverDatabase, type Database } from "./database.ts"
import { NotDone } from "./failures.ts"
import { Call, type Common } from "./session.ts"

/** Seconds that a database is tried again unless it is said. */
const defaultWait = 5

/** What is meant by `--url`. */
export type Target =
  | ({ readonly kind: "database" } & Database)
  | { readonly kind: "process"; readonly url: string; readonly token: string | undefined }

const forms = "postgres://user@host/database of a database, or http://host/path of a running process"

/**
 * Finds out where to ask.
 *
 * @param wait - seconds, unless it is said
 */
export const targetOf = (common: Common, wait = defaultWait): Effect.Effect<Target, NotDone> => {
  const { schema, token, url } = common
  const refused = (detail: string) => Effect.fail(new NotDone({ detail }))
  if (url === undefined) return refused(`Which database, or which process? Give --url, or set DATABASE_URL: ${forms}.`)
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined
  if (protocol === "http:" || protocol === "https:") return Effect.succeed({ kind: "process", url, token })
  if (protocol === "postgres:" || protocol === "postgresql:") {
    return Effect.succeed({
      kind: "database",
      url,
      schema: schema ?? schemaOfUrl(url),
      waitSeconds: common.wait ?? wait
    })
  }
  // The url may hold a password: it is not repeated.
  return refused(
    `--url, or DATABASE_URL, is not understood. Give ${forms}. PGlite is asked through the process that holds it.`
  )
}

/** The database itself, for what no process does for others. */
export const databaseOf = (common: Common, what: string, wait?: number): Effect.Effect<Database, NotDone> =>
  Effect.flatMap(targetOf(common, wait), (target) =>
    target.kind === "database"
      ? Effect.succeed(target)
      : Effect.fail(
          new NotDone({
            detail: `${what} works on the database itself, and --url is that of a process. Give postgres://user@host/database.`
          })
        )
  )

/** How a process is asked. */
export const httpOf = ({ token, url }: Extract<Target, { readonly kind: "process" }>): HttpOptions => ({
  url,
  token: token === undefined ? undefined : Redacted.make(token)
})

const layerOf = (target: Target): Layer.Layer<Admin, IntegrationError | Problem> =>
  target.kind === "process" ? Admin.layerHttp(httpOf(target)) : adminOverDatabase(target)

/** The administration that this call asks. */
export const connected = Layer.unwrap(
  Effect.gen(function* () {
    return layerOf(yield* targetOf(yield* Call))
  })
)

/** Who a database is told asks: whoever runs this program. A process asks for a token instead. */
export const askerName = (): string => {
  try {
    return userInfo().username
  } catch {
    // A user without a name, as in some containers.
    return "command line"
  }
}

/** What a command does with the administration. */
export const asking = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | IntegrationError | NotDone | Problem, Exclude<R, Admin> | Call> =>
  Effect.provideService(Effect.provide(effect, connected), CurrentUser, { name: askerName(), role: "admin" })
