/** How far an operation has come, in one line: settled, failed again, open, to do. */
import type { Operation } from "../../api/wire.ts"
import { exact } from "../../words/numbers.ts"
import { leftOf } from "./words.ts"

interface Part {
  readonly id: string
  readonly word: string
  readonly shape: string
  readonly count: number
  readonly fill: string
  readonly text: string
}

const partsOf = (operation: Operation): ReadonlyArray<Part> => {
  const left = {
    id: "left",
    word: operation.finishedAt === null ? "to do" : "left alone",
    shape: "○",
    count: leftOf(operation),
    fill: "bg-hover",
    text: "text-muted"
  }
  if (operation.kind === "discard") {
    return [
      { id: "discarded", word: "discarded", shape: "×", count: operation.done, fill: "bg-done", text: "text-done" },
      left
    ]
  }
  const { failedAgain, open, settled } = operation
  return [
    { id: "settled", word: "settled", shape: "●", count: settled, fill: "bg-running", text: "text-running" },
    { id: "failed", word: "failed again", shape: "■", count: failedAgain, fill: "bg-gave-up", text: "text-gave-up" },
    { id: "open", word: "open", shape: "◐", count: open, fill: "bg-waiting", text: "text-waiting" },
    left
  ]
}

/** Without its legend in lists. */
export const OperationBar = ({
  operation,
  withLegend = true
}: {
  readonly operation: Operation
  readonly withLegend?: boolean
}) => {
  const parts = partsOf(operation)
  const words = parts.map(({ count, word }) => `${exact(count)} ${word}`).join(", ")
  return (
    <div className="min-w-0">
      <div
        role="img"
        aria-label={words}
        title={words}
        className={`flex w-full gap-px overflow-hidden rounded-sm bg-hover ${withLegend ? "h-2.5" : "h-1.5"}`}
      >
        {parts.map(({ count, fill, id }) =>
          count === 0 ? null : (
            <div
              key={id}
              className={`min-w-0.5 transition-[flex-grow] duration-300 ${fill}`}
              style={{ flexGrow: count, flexBasis: 0 }}
            />
          )
        )}
      </div>
      {withLegend ? (
        <ul className="mt-1.5 flex flex-wrap gap-x-4 gap-y-0.5 text-sm" aria-hidden="true">
          {parts.map(({ count, id, shape, text, word }) => (
            <li key={id} className={`inline-flex items-center gap-1.5 ${count === 0 ? "text-faint" : ""}`}>
              <span className={`w-3 text-center text-[10px] ${count === 0 ? "" : text}`}>{shape}</span>
              <span className={count === 0 ? "" : "font-semibold"}>{exact(count)}</span> {word}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}
