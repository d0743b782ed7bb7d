/**
 * Which version of the application this process runs.
 *
 * @internal
 */
import { Config, Effect, Option } from "effect"

/** As it was given, else `APP_VERSION` of the environment; undefined: nobody says so. */
export const applicationVersion = (given: string | undefined): Effect.Effect<string | undefined> =>
  (given === undefined
    ? Effect.map(Config.option(Config.String("APP_VERSION")), Option.getOrUndefined)
    : Effect.succeed(given)
  ).pipe(
    Effect.orElseSucceed(() => undefined),
    Effect.map((version) => (version === "" ? undefined : version))
  )
