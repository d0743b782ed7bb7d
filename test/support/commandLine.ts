/** The command line as its users start it, a process of its own, piped or on a terminal; and within the test, where many are run. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { runProgram } from "../../src/cli/runProgram.ts"

const program = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface How {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** For the standard input. */
  readonly input?: string
  /** Is sent a signal as soon as this is written. */
  readonly interruptAt?: RegExp
  /** Which signal, and what is to be seen before. */
  readonly before?: (out: string) => Promise<NodeJS.Signals>
  /** Arguments of Node, the program among them. */
  readonly node?: ReadonlyArray<string>
}

const environment = (env: How["env"]): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  TERM: "xterm",
  ...env
})

/** Runs it with pipes. */
export const run = (given: ReadonlyArray<string>, { before, env, input, interruptAt, node = [program] }: How = {}) =>
  new Promise<Ended>((resolve, reject) => {
    const child = spawn(process.execPath, [...node, ...given], { env: environment(env), timeout: 120_000 })
    let [out, err] = ["", ""]
    let isSeen = false
    const interrupt = async () => {
      isSeen = true
      try {
        child.kill((await before?.(out)) ?? "SIGINT")
      } catch (error) {
        child.kill("SIGKILL")
        reject(error)
      }
    }
    child.stdout.on("data", (data) => {
      out += data
      if (!isSeen && interruptAt?.test(out)) interrupt()
    })
    child.stderr.on("data", (data) => {
      err += data
    })
    child.on("error", reject)
    child.on("close", (code) => resolve({ code: code ?? -1, out, err }))
    child.stdin.end(input)
  })

/** Runs it without a process, as with pipes. */
export const runHere = async (given: ReadonlyArray<string>): Promise<Ended> => {
  let [out, err] = ["", ""]
  const code = await Effect.runPromise(
    runProgram(given, "0.0.0", {
      surface: () => ({
        isTerminal: false,
        columns: Number.POSITIVE_INFINITY,
        rows: Number.POSITIVE_INFINITY,
        hasColors: false
      }),
      canAsk: false,
      environment: {},
      write: (text) => {
        out += text
      },
      writeError: (text) => {
        err += text
      }
    })
  )
  return { code, out, err }
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

export interface OnTerminal extends Pick<How, "env"> {
  readonly columns?: number
  /** What is typed when something is written, each once. */
  readonly answers?: ReadonlyArray<readonly [question: RegExp, keys: string]>
}

/**
 * Runs it on a terminal of its own. Needs `script` of util-linux, which is in `bsdutils`, an essential package of Debian and Ubuntu; that of
 * macOS takes other options.
 */
export const runOnTerminal = (
  given: ReadonlyArray<string>,
  { answers = [], columns = 100, env }: OnTerminal = {}
): Promise<Omit<Ended, "err">> =>
  new Promise((resolve, reject) => {
    const command = [process.execPath, program, ...given].map(quoted).join(" ")
    const child = spawn("script", ["-qefc", `stty cols ${columns} rows 30; exec ${command}`, "/dev/null"], {
      env: environment({ SHELL: "/bin/sh", ...env })
    })
    let out = ""
    const todo = [...answers]
    child.stdout.on("data", (data) => {
      out += data
      const [next] = todo
      if (next?.[0].test(out)) {
        todo.shift()
        child.stdin.write(next[1])
      }
    })
    child.on("error", reject)
    child.on("close", (code) => {
      child.stdin.destroy()
      resolve({ code: code ?? -1, out: out.replaceAll("\r\n", "\n") })
    })
  })

/** Whether `runOnTerminal` works here. */
export const hasTerminals = process.platform === "linux"
