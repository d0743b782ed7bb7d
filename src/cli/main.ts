#!/usr/bin/env node
/**
 * The command line: `npx effect-integration`.
 *
 * @internal
 */
import { readFileSync } from "node:fs"
import { Effect, Exit, Fiber } from "effect"
import { exitCodes } from "./failures.ts"
import type { Surface } from "./output/style.ts"
import { runProgram } from "./runProgram.ts"

const { env, stderr, stdin, stdout } = process

const isThere = (value: string | undefined) => value !== undefined && value !== ""

const isForced = isThere(env.FORCE_COLOR) && env.FORCE_COLOR !== "0"

/** Of a pipe, everything is as wide as it is. */
const surface = (): Surface => {
  const isTerminal = stdout.isTTY === true && env.TERM !== "dumb"
  return {
    isTerminal,
    columns: isTerminal ? stdout.columns || 80 : Number.POSITIVE_INFINITY,
    rows: isTerminal ? stdout.rows || 24 : Number.POSITIVE_INFINITY,
    hasColors: !isThere(env.NO_COLOR) && (isTerminal || isForced)
  }
}

const version = (): string => JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version

/** Ends when all is written: what is piped is not cut off. */
const end = (code: number) => stdout.write("", () => stderr.write("", () => process.exit(code)))

// Whoever reads may stop before the end, as `head` does.
for (const stream of [stdout, stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? exitCodes.done : exitCodes.notDone)
  )
}

const fiber = Effect.runFork(
  runProgram(process.argv.slice(2), version(), {
    surface,
    canAsk: stdin.isTTY === true && surface().isTerminal,
    environment: env,
    write: (text) => void stdout.write(text),
    writeError: (text) => void stderr.write(text)
  })
)
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => fiber.interruptUnsafe())
const exit = await Effect.runPromise(Fiber.await(fiber))
end(Exit.isSuccess(exit) ? exit.value : exitCodes.interrupted)
