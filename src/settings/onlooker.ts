/**
 * A process that only looks at what processes of the application do, as the command line over a database.
 *
 * @internal
 */
import { Context } from "effect"

/**
 * Whether the services of this fiber are those of an onlooker: it is not listed among the processes, and its own options and environment are
 * no settings of the application. Default: they are those of a process of the application.
 */
export const IsOnlooker: Context.Reference<boolean> = Context.Reference<boolean>("effect-integration/IsOnlooker", {
  defaultValue: () => false
})
