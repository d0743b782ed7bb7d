/** Two JSON documents, line by line: what the second has instead of the first. */
import { useMemo } from "react"
import { layOut } from "../words/json.ts"
import { type DiffLine, lineDiff } from "../words/lineDiff.ts"

const looks = {
  same: ["", " ", "text-muted"],
  removed: ["Removed: ", "−", "bg-gave-up-soft text-text"],
  added: ["Added: ", "+", "bg-accent-soft text-text"]
} as const

/** Lines that are the same are shown so far around a difference. */
const around = 3

/** So many lines are drawn, each so long, at most: more would make the page stand still. */
const mostLines = 1_000
const longestLine = 2_000

/** Longer documents, in characters, are not compared: all lines of theirs would take longer than the page may stand still. */
const longest = 1_500_000

const cut = (text: string) => (text.length > longestLine ? `${text.slice(0, longestLine)}…` : text)

const isNear = (lines: ReadonlyArray<DiffLine>, index: number) =>
  lines.slice(Math.max(0, index - around), index + around + 1).some(({ kind }) => kind !== "same")

/** The lines that are told, one more than are drawn at most. */
const toldOf = (lines: ReadonlyArray<DiffLine>) => {
  const isLong = lines.length > 200
  const told: Array<DiffLine & { readonly index: number }> = []
  for (let index = 0; index < lines.length && told.length <= mostLines; index += 1)
    if (!isLong || isNear(lines, index)) told.push({ ...lines[index]!, index })
  return told
}

interface Documents {
  readonly label: string
  readonly before: string
  readonly after: string
}

const Compared = ({ after, before, label }: Documents) => {
  const lines = useMemo(() => lineDiff(layOut(before), layOut(after)), [before, after])
  const told = useMemo(() => toldOf(lines), [lines])
  const isCut = told.length > mostLines || told.some(({ text }) => text.length > longestLine)
  if (told.every(({ kind }) => kind === "same")) return <p className="py-1 text-muted">Both are the same.</p>
  return (
    <section
      data-framed
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with keys.
      tabIndex={0}
      className="max-h-[60dvh] overflow-auto rounded-md border border-line bg-surface py-2"
    >
      <pre className="break-words whitespace-pre-wrap">
        {told.slice(0, mostLines).map(({ index, kind, text }) => {
          const [said, sign, look] = looks[kind]
          return (
            <span key={index} className={`block px-4 ${look}`}>
              {said === "" ? null : <span className="sr-only">{said}</span>}
              <span aria-hidden="true" className="inline-block w-4 select-none">
                {sign}
              </span>
              {cut(text)}
            </span>
          )
        })}
      </pre>
      {isCut ? (
        <p className="px-4 pt-2 text-muted">
          This is the beginning: {lines.length.toLocaleString("en-GB")} lines are compared, and long ones are cut. Copy
          both payloads to compare all of them.
        </p>
      ) : null}
    </section>
  )
}

export const JsonDiff = (documents: Documents) =>
  Math.max(documents.before.length, documents.after.length) > longest ? (
    <p className="py-1 text-muted">
      Documents of more than {longest.toLocaleString("en-GB")} characters are not compared here: the page would stand
      still. Copy both payloads to compare them.
    </p>
  ) : (
    <Compared {...documents} />
  )
