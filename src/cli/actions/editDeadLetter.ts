/**
 * `dead-letters edit`: another payload for one dead letter, as text, so that no number changes.
 *
 * @internal
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { DeadLetterDetails, PayloadVerdict } from "../../admin/model/deadLetters.ts"
import { confirmed } from "../ask.ts"
import { asking } from "../connect.ts"
import { exitCodes, NotDone } from "../failures.ts"
import { given } from "../flags.ts"
import { clean } from "../output/clean.ts"
import { indented } from "../output/jsonText.ts"
import { Call, note, Session, tell } from "../session.ts"

/** What `dead-letters edit` takes. */
export interface EditInput {
  readonly delivery: string
  /** A file, or `-` for the standard input. */
  readonly payload: string | undefined
  readonly check: boolean
  readonly reason: string | undefined
  readonly yes: boolean
}

const refused = (detail: string) => new NotDone({ detail })

const why = (error: unknown) => (error instanceof Error ? error.message : String(error))

const fromFile = (file: string) =>
  Effect.tryPromise({
    try: () => (file === "-" ? text(process.stdin) : readFile(file, "utf8")),
    catch: (error) => refused(`The payload cannot be read from ${clean(file)}: ${why(error)}.`)
  })

/** Lets somebody change a text, in the editor that the environment names. Files of others do not see it. */
const edited = Effect.fnUntraced(function* (before: string) {
  const [{ canAsk, environment }, { json }] = [yield* Session, yield* Call]
  if (!canAsk || json) {
    return yield* refused("Where is the payload? Give --payload with a file, or - for the standard input.")
  }
  const editor = environment.VISUAL || environment.EDITOR || "vi"
  return yield* Effect.try({
    try: () => {
      const folder = mkdtempSync(join(tmpdir(), "effect-integration-"))
      const file = join(folder, "payload.json")
      try {
        writeFileSync(file, `${before}\n`, { mode: 0o600 })
        // An editor may be given with arguments, as "code --wait".
        const [program = "vi", ...options] = editor.split(" ")
        const { error, status } = spawnSync(program, [...options, file], { stdio: "inherit" })
        if (error !== undefined) throw error
        if (status !== 0) throw new Error(`${editor} ended with ${status}`)
        return readFileSync(file, "utf8")
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    catch: (error) => refused(`The payload could not be edited: ${why(error)}. Give --payload with a file.`)
  })
})

const problemLines = ({ problems }: PayloadVerdict) =>
  problems.map(({ line, message, path }) =>
    clean(`${line === null ? "" : `line ${line}, `}at ${path === "" ? "(root)" : path}: ${message}`)
  )

/** A database has no handlers. */
const unjudged =
  "This payload can be stored. Nobody here can say whether the handler takes it: a process that has the handler can, by --url http://…"

const verdictText = (verdict: PayloadVerdict) =>
  verdict.isValid
    ? verdict.isJudged
      ? "The handler takes this payload."
      : unjudged
    : ["This payload does not do:", ...problemLines(verdict)].join("\n")

const payloadFor = Effect.fnUntraced(function* (letter: DeadLetterDetails, file: string | undefined) {
  if (file !== undefined) return yield* fromFile(file)
  if (letter.payload === null || letter.visibility !== "full") {
    return yield* refused("Its payload may not be seen by you, or is too large: it cannot be edited here.")
  }
  const before = indented(letter.payload)
  const after = yield* edited(before)
  if (after.trim() === before.trim()) return yield* refused("Nothing was done: the payload is as it was.")
  return after
})

/** Checks another payload by the handler's schema, and requeues the delivery with it. The event stays as it is. */
export const edit = (input: EditInput) =>
  asking(
    Effect.gen(function* () {
      const { deadLetters } = yield* Admin
      const letter = yield* deadLetters.get(input.delivery)
      const payload = (yield* payloadFor(letter, input.payload)).trim()
      const change = { payload, attemptCount: letter.attemptCount, gaveUpAt: letter.gaveUpAt }
      const verdict = yield* deadLetters.check(input.delivery, change)
      if (input.check) {
        yield* tell(verdict, () => verdictText(verdict))
        if (!verdict.isValid) return exitCodes.found
        return verdict.isJudged ? exitCodes.done : exitCodes.notDone
      }
      if (!verdict.isValid) return yield* refused(`${verdictText(verdict)}\nNothing was done.`)
      if (!verdict.isJudged) yield* note(unjudged)
      if (input.payload === undefined || !verdict.isJudged) {
        yield* confirmed(`Requeue it with this payload? Only ${letter.consumer} will see it.`, input.yes)
      }
      const { affected } = yield* deadLetters.edit(input.delivery, { ...change, ...given({ reason: input.reason }) })
      yield* tell({ affected }, () => clean(`Requeued with another payload, which only ${letter.consumer} sees.`))
      return exitCodes.done
    })
  )
