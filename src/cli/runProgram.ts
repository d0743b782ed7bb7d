/**
 * Runs the command line, wherever its output goes.
 *
 * @internal
 */
import * as NodeChildProcessSpawner from "@effect/platform-node-shared/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem"
import * as NodePath from "@effect/platform-node-shared/NodePath"
import * as NodeStdio from "@effect/platform-node-shared/NodeStdio"
import * as NodeTerminal from "@effect/platform-node-shared/NodeTerminal"
import { Cause, Effect, Exit, Layer, Logger } from "effect"
import { CliConfig, CliError, CliOutput, Command, GlobalFlag } from "effect/cli"
import { exitCodes } from "./failures.ts"
import { cleanLines } from "./output/clean.ts"
import { presenter } from "./presenter.ts"
import { program } from "./program.ts"
import { type Common, Session } from "./session.ts"

/** What the log says goes beside what was asked for. */
const logged = (writeError: (text: string) => void) =>
  Logger.layer([
    Logger.make(({ message }) =>
      writeError(`${cleanLines(Array.isArray(message) ? message.join(" ") : String(message))}\n`)
    )
  ])

const platform = Layer.mergeAll(
  NodeChildProcessSpawner.layer.pipe(Layer.provideMerge(Layer.merge(NodeFileSystem.layer, NodePath.layer))),
  NodeTerminal.layer,
  NodeStdio.layer
)

/** Told by the presenter already: help that was asked for, or what was not understood. */
const shownHelp = (error: unknown) => (error instanceof CliError.ShowHelp ? error : undefined)

/**
 * Does what is asked for. Never fails.
 *
 * @param given - arguments after the program's name
 * @returns the exit code
 */
export const runProgram = (
  given: ReadonlyArray<string>,
  version: string,
  where: Omit<(typeof Session)["Service"], "beginWith" | "endWith">
): Effect.Effect<number> =>
  Effect.suspend(() => {
    let ended: number = exitCodes.done
    let call: Common | undefined
    const session = Session.of({
      ...where,
      beginWith: (begun) => {
        call = begun
      },
      endWith: (code) => {
        ended = code
      }
    })
    const services = Layer.mergeAll(
      platform,
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }),
      CliOutput.layerPresenter(presenter(session)),
      Layer.succeed(Session, session),
      logged(session.writeError)
    )
    const codeOf = Effect.fnUntraced(function* (exit: Exit.Exit<void, unknown>) {
      if (Exit.isSuccess(exit)) return ended
      if (Cause.hasInterruptsOnly(exit.cause)) return exitCodes.interrupted
      const help = shownHelp(Cause.squash(exit.cause))
      if (help !== undefined) return help.errors.length > 0 ? exitCodes.notDone : exitCodes.done
      const { wordsOf } = yield* Effect.promise(() => import("./failureWords.ts"))
      session.writeError(`${cleanLines(wordsOf(exit.cause, call))}\n`)
      return exitCodes.notDone
    })
    return Command.runWith(program, { version })(given).pipe(
      Effect.provide(services),
      Effect.exit,
      Effect.flatMap(codeOf)
    )
  })
