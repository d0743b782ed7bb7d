/** What is known of an error: new ones are loud, others are not. */
import type { ErrorGroup } from "../../api/wire.ts"
import { clockText, isUtc } from "../../words/clock.ts"
import { stateWords } from "./groups.ts"

const looks: Readonly<Record<ErrorGroup["state"], readonly [string, string]>> = {
  new: ["●", "text-gave-up"],
  known: ["◐", "text-muted"],
  resolved: ["✓", "text-running"],
  ignored: ["–", "text-faint"]
}

export const GroupStateMark = ({ group: { ignoredUntil, state } }: { readonly group: ErrorGroup }) => {
  const utc = isUtc.use()
  const [shape, colour] = looks[state]
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${colour}`}>
      <span aria-hidden="true" className="w-3 text-center text-[10px]">
        {shape}
      </span>
      {stateWords[state]}
      {state === "ignored" && ignoredUntil !== null ? ` until ${clockText(ignoredUntil, utc)}` : null}
    </span>
  )
}
