/**
 * A database that is asked without a process of the application: nothing is migrated, and nothing is delivered.
 *
 * @internal
 */
import { Layer } from "effect"
import { Admin } from "../admin/Admin.ts"
import { type IntegrationError, layer, type Services } from "../integration/Integration.ts"
import { reachable } from "../integration/reachable.ts"
import { IsOnlooker } from "../settings/onlooker.ts"

/** Which database. */
export interface Database {
  readonly url: string
  readonly schema: string | undefined
  /** How long one that is not there yet is tried again. */
  readonly waitSeconds: number
}

/** All services over a database, of which none works by itself. */
export const servicesOver = ({ schema, url, waitSeconds }: Database): Layer.Layer<Services, IntegrationError> =>
  layer({
    migrate: false,
    settings: { processorEnabled: false },
    waitForDatabase: `${waitSeconds} seconds`,
    ...(schema === undefined ? {} : { schema })
  }).pipe(Layer.provide(reachable(url, `${waitSeconds} seconds`)), Layer.provide(Layer.succeed(IsOnlooker, true)))

/** The administration over a database. */
export const adminOverDatabase = (database: Database): Layer.Layer<Admin, IntegrationError> =>
  Layer.provide(Admin.layer, servicesOver(database))
