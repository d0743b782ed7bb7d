#!/usr/bin/env node
/**
 * The command line: `npx effect-integration`.
 *
 * @internal
 */
import { readFileSync } from "node:fs"
import { type Cause, Effect, Exit, Logger } from "effect"
import { describe, principal } from "../errors/errorText.ts"
import * as Migrations from "../integration/Migrations.ts"
import { reachable } from "../integration/reachable.ts"
import { type Command, commandOf, usage } from "./command.ts"

type OnDatabase = Extract<Command, { readonly url: string }>

const say = (text: string) => Effect.sync(() => console.log(text))

const sentenceOf = ({ needed, pending, problem, version }: Migrations.Status) =>
  problem ??
  `The tables are at version ${version}, this code needs ${needed}. ${
    pending.length === 0 ? "Nothing is pending." : `Pending: ${pending.join(", ")}.`
  }`

/** The exit code. */
const onDatabase = ({ name, url, wait, ...where }: OnDatabase) =>
  Effect.gen(function* () {
    if (name === "status") {
      const status = yield* Migrations.status(where)
      yield* say(sentenceOf(status))
      return status.pending.length === 0 && status.problem === undefined ? 0 : 1
    }
    const done = yield* Migrations.run(where)
    yield* say(done.length === 0 ? "Nothing was pending." : `Ran ${done.join(", ")}.`)
    return 0
  }).pipe(Effect.provide(reachable(url, `${wait} seconds`)))

const version = (): string => JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version

const run = (command: Command): Effect.Effect<number, unknown> => {
  switch (command.name) {
    case "refused":
      return Effect.sync(() => {
        console.error(`${command.problem}\n\n${usage}`)
        return 2
      })
    case "help":
      return Effect.as(say(usage), 0)
    case "version":
      return Effect.as(say(version()), 0)
    case "sql": {
      const { name: _, ...options } = command
      return Effect.as(
        Effect.suspend(() => say(Migrations.sql(options).trimEnd())),
        0
      )
    }
    default:
      return Effect.suspend(() => onDatabase(command))
  }
}

/** What the log says goes beside what was asked for. */
const logged = Logger.layer([
  Logger.make(({ message }) => console.error(Array.isArray(message) ? message.join(" ") : message))
])

const wordsOf = (cause: Cause.Cause<unknown>) => describe(principal(cause)).text

const exit = await Effect.runPromiseExit(Effect.provide(run(commandOf(process.argv.slice(2), process.env)), logged))
if (Exit.isFailure(exit)) console.error(wordsOf(exit.cause))
process.exitCode = Exit.isSuccess(exit) ? exit.value : 1
