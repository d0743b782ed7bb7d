/**
 * The program's name, and the options that every command has.
 *
 * @internal
 */
import { Effect, Redacted } from "effect"
import { Command, Flag } from "effect/cli"
import { maybe, text, whole } from "./flags.ts"
import { repeatedOf } from "./repeated.ts"
import { Call, type Common, Session } from "./session.ts"

/** Of which all commands are part. */
export const root = Command.make("effect-integration").pipe(
  Command.withDescription(
    "Looks after events and their deliveries: what happens, what failed, and what to do about it."
  ),
  Command.withSharedFlags({
    url: text(
      "url",
      "url",
      "postgres://user@host/database, or http://host/path of a running process that serves its administration; default: DATABASE_URL"
    ),
    schema: text("schema", "name", "Where the tables are; default: ?schema= of the url, else the first of search_path"),
    token: maybe(
      Flag.Redacted("token").pipe(
        Flag.withMetavar("<token>"),
        Flag.withDescription("Who asks a running process; default: EFFECT_INTEGRATION_TOKEN")
      )
    ),
    wait: whole(
      "wait",
      "How long a database that is not there yet is tried again, in seconds; default: 5, of migrate 30",
      [0, 86_400]
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("JSON for programs instead of text"),
      Flag.withoutNegation,
      Flag.withDefault(false)
    )
  })
)

/** The options of this call; what is given comes before the environment. */
export const common = Effect.gen(function* () {
  const { environment } = yield* Session
  const { json, schema, token, url, wait } = yield* root
  const found: Common = {
    url: url ?? (environment.DATABASE_URL || undefined),
    schema,
    token:
      (token === undefined ? undefined : Redacted.value(token)) ?? (environment.EFFECT_INTEGRATION_TOKEN || undefined),
    wait,
    json,
    repeated: repeatedOf(url, schema)
  }
  return found
})

/**
 * What a command does, loaded only when it is asked for: help is there at once.
 *
 * @param load - imports the file that does it
 * @param pick - what of it
 */
export const doing =
  <File, Input, E, R>(load: () => Promise<File>, pick: (file: File) => (input: Input) => Effect.Effect<number, E, R>) =>
  (input: Input) =>
    Effect.gen(function* () {
      const call = yield* common
      const act = pick(yield* Effect.promise(load))
      const { beginWith, endWith } = yield* Session
      beginWith(call)
      endWith(yield* Effect.provideService(act(input), Call, call))
    })
