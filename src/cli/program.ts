/**
 * The command line as a whole.
 *
 * @internal
 */
import { Argument, Command, type Completions } from "effect/cli"
import * as Looking from "./commands/looking.ts"
import * as Repairing from "./commands/repairing.ts"
import * as Running from "./commands/running.ts"
import { doing, root } from "./root.ts"
import type { Session } from "./session.ts"

/** Of the program as a whole: it is looked at when somebody asks. */
const completions: Command.Command<
  "completions",
  { readonly shell: Completions.Shell },
  object,
  never,
  Command.CommandContext<"effect-integration"> | Session
> = Command.make(
  "completions",
  {
    shell: Argument.Literals("shell", ["bash", "zsh", "fish", "powershell"]).pipe(
      Argument.withDescription("Of which shell")
    )
  },
  doing(
    () => import("./actions/completions.ts"),
    (file) =>
      ({ shell }: { readonly shell: Completions.Shell }) =>
        file.completions(program, shell)
  )
).pipe(
  Command.withDescription("Writes a script by which a shell completes commands and flags"),
  Command.withExamples([{ command: "source <(npx effect-integration completions bash)" }])
)

/** All commands. */
export const program = root.pipe(
  Command.withSubcommands([
    {
      group: "Look",
      commands: [Looking.status, Looking.doctor, Looking.events, Looking.trace, Looking.links, Looking.audit]
    },
    { group: "Repair", commands: [Repairing.errors, Repairing.deadLetters, Repairing.operations] },
    {
      group: "Run",
      commands: [Running.dashboard, Running.consumers, Running.settings, Running.migrate, Running.sql, Running.prune]
    },
    { group: "More", commands: [Looking.contracts, completions] }
  ])
)
