/**
 * Where the command line speaks: what is asked for goes to the standard output, all else beside it.
 *
 * @internal
 */
import { Context, Effect } from "effect"
import { cleanLines, safeJson } from "./output/clean.ts"
import type { Surface } from "./output/style.ts"

/** The terminal or pipe that the command line was started on. */
export class Session extends Context.Service<
  Session,
  {
    /** What texts are shown on, now: the size of a terminal changes. */
    readonly surface: () => Surface
    /** Whether somebody is there who can answer. */
    readonly canAsk: boolean
    readonly environment: Readonly<Record<string, string | undefined>>
    /** Writes to the standard output as it is. */
    readonly write: (text: string) => void
    /** Writes to the standard error as it is. */
    readonly writeError: (text: string) => void
    /** Says with which options something is done. */
    readonly beginWith: (call: Common) => void
    /** Says with which exit code it will end. */
    readonly endWith: (code: number) => void
  }
>()("effect-integration/cli/Session") {}

/** Options that every command has. */
export interface Common {
  readonly url: string | undefined
  readonly schema: string | undefined
  readonly token: string | undefined
  /** Seconds that a server which is not there yet is tried again. */
  readonly wait: number | undefined
  readonly json: boolean
  /** Words of those flags that lead where this call does, as they were given: for commands that are suggested. */
  readonly repeated: ReadonlyArray<string>
}

/** The options of this call. */
export class Call extends Context.Service<Call, Common>()("effect-integration/cli/Call") {}

/**
 * Says what was asked for.
 *
 * @param data - for `--json`: one document
 * @param text - for people; nothing is written where it is empty
 */
export const tell = Effect.fnUntraced(function* (data: unknown, text: (surface: Surface) => string) {
  const [{ surface, write }, { json }] = [yield* Session, yield* Call]
  const said = json ? safeJson(data, 2) : text(surface())
  if (said !== "") write(`${said}\n`)
})

/** Says something about it beside what was asked for: to people only. */
export const note = Effect.fnUntraced(function* (text: string) {
  const [{ writeError }, { json }] = [yield* Session, yield* Call]
  if (!json) writeError(`${cleanLines(text)}\n`)
})
