/**
 * Help, the version, and what was not understood.
 *
 * @internal
 */

import { Effect } from "effect"
import { CliOutput } from "effect/cli"
import { clean, cleanLines } from "./output/clean.ts"
import type { Session } from "./session.ts"

const sentence = (text: string) => {
  const line = clean(text.replace(/\s*\n\s*/g, " ").trim())
  return /[.?!]$/.test(line) ? line : `${line}.`
}

/** Why it was not understood; what was meant, if that can be told; and where to read on. */
const refusal = ({ commandPath, errors, helpDoc }: CliOutput.Presenter.InvalidInvocation) =>
  [
    ...errors.map(({ message }) => {
      const [what = "", meant] = message.split(/\s*Did you mean this\?\s*/)
      const suggestion = meant === undefined ? "" : ` Did you mean ${meant.trim().split(/\s+/).join(" or ")}?`
      return `${sentence(what)}${suggestion}`
    }),
    "",
    `Usage: ${helpDoc.usage}`,
    `Help:  ${commandPath.join(" ")} --help`
  ].join("\n")

/** What the command line says of itself. */
export const presenter = (session: (typeof Session)["Service"]): CliOutput.Presenter => ({
  present: (event) =>
    Effect.sync(() => {
      const { hasColors } = session.surface()
      switch (event._tag) {
        case "Help":
          return session.write(`${CliOutput.defaultFormatter({ colors: hasColors }).formatHelpDoc(event.helpDoc)}\n`)
        case "Version":
          return session.write(`${event.version}\n`)
        case "InvalidInvocation":
          return session.writeError(`${cleanLines(refusal(event))}\n`)
      }
    })
})
