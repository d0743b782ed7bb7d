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

const isNear = (lines: ReadonlyArray<DiffLine>, index: number) =>
  lines.slice(Math.max(0, index - around), index + around + 1).some(({ kind }) => kind !== "same")

export const JsonDiff = ({
  after,
  before,
  label
}: {
  readonly label: string
  readonly before: string
  readonly after: string
}) => {
  const lines = useMemo(() => lineDiff(layOut(before), layOut(after)), [before, after])
  const isLong = lines.length > 200
  const differ = lines.filter(({ kind }) => kind !== "same").length
  if (differ === 0) return <p className="py-1 text-muted">Both are the same.</p>
  return (
    <section
      data-framed
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with keys.
      tabIndex={0}
      className="max-h-[60dvh] overflow-auto rounded-md border border-line bg-surface py-2"
    >
      <pre className="break-words whitespace-pre-wrap">
        {lines.map(({ kind, text }, index) => {
          if (isLong && kind === "same" && !isNear(lines, index)) return null
          const [said, sign, look] = looks[kind]
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing else, and all change together.
            <span key={index} className={`block px-4 ${look}`}>
              {said === "" ? null : <span className="sr-only">{said}</span>}
              <span aria-hidden="true" className="inline-block w-4 select-none">
                {sign}
              </span>
              {text}
            </span>
          )
        })}
      </pre>
    </section>
  )
}
