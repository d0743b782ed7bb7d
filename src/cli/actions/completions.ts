/**
 * `completions`: a script by which a shell completes commands and flags.
 *
 * @internal
 */
import { Effect } from "effect"
import { type Command, Completions } from "effect/cli"
import { exitCodes } from "../failures.ts"
import { tell } from "../session.ts"

/** Writes the script of a shell. */
export const completions = (program: Command.Command.Any, shell: Completions.Shell) =>
  Effect.gen(function* () {
    const made = Completions.generate(program.name, shell, Completions.fromCommand(program))
    // It says how it is installed by a flag, where it is a command here.
    const script = made.replaceAll(`${program.name} --completions`, `${program.name} completions`)
    yield* tell({ shell, script }, () => script.trimEnd())
    return exitCodes.done
  })
