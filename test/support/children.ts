/** Child processes of tests: they speak JSON lines, and none outlives its test. */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Effect, Queue } from "effect"

export interface Child {
  /** Of the process. */
  readonly pid: number
  /** Waits for the next message with this name. */
  readonly message: (name: string) => Effect.Effect<Record<string, unknown>>
  /** Sends a signal, and waits for the end. */
  readonly kill: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Sends a signal. */
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Waits for its end; the exit code, or null after a signal. */
  readonly exit: Effect.Effect<number | null>
  /** What it wrote to standard error. */
  readonly errors: () => string
  /** Lines that it wrote to standard output, apart from messages. */
  readonly output: () => ReadonlyArray<string>
}

/** Runs `test/processes/<program>.ts`; killed when the scope closes. */
export const start = (program: string, env: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const file = fileURLToPath(new URL(`../processes/${program}.ts`, import.meta.url))
      const child = spawn(process.execPath, [file], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const lines = yield* Queue.unbounded<Record<string, unknown>>()
      let errors = ""
      const output: Array<string> = []
      child.stderr.on("data", (data) => {
        errors += data
      })
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.startsWith("{")) Queue.offerUnsafe(lines, JSON.parse(line))
        else output.push(line)
      })
      const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)))
      ended.then(() => Queue.offerUnsafe(lines, { ended: true }))
      const message = (name: string): Effect.Effect<Record<string, unknown>> =>
        Effect.flatMap(Queue.take(lines), (line) =>
          line.name === name
            ? Effect.succeed(line)
            : line.ended === true
              ? Effect.die(new Error(`${program} ended before "${name}":\n${errors}`))
              : message(name)
        )
      const self: Child = {
        pid: child.pid ?? -1,
        message,
        kill: (signal) =>
          Effect.andThen(
            Effect.sync(() => child.kill(signal)),
            Effect.promise(() => ended)
          ),
        signal: (signal) => Effect.asVoid(Effect.sync(() => child.kill(signal))),
        exit: Effect.promise(() => ended),
        errors: () => errors,
        output: () => output
      }
      return self
    }),
    (child) => child.kill("SIGKILL")
  )
