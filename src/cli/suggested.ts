/**
 * Commands that are suggested: they lead where the call did that suggests them.
 *
 * @internal
 */
import { Effect } from "effect"
import { commandLine, shellWord } from "../operations/doctor/words.ts"
import { Call } from "./session.ts"

/** A command line of this program as somebody else wrote it, with what this call was given; anything else as it is. */
export const repeating = (command: string): Effect.Effect<string, never, Call> =>
  Effect.map(Call, ({ repeated }) =>
    command.startsWith(`${commandLine()} `) ? [command, ...repeated.map(shellWord)].join(" ") : command
  )

/** A command line of this program. */
export const suggested = (...words: ReadonlyArray<string>): Effect.Effect<string, never, Call> =>
  repeating(commandLine(...words))
