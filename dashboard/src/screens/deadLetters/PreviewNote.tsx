/** What an operation would take now. */
import type { OperationPreview } from "../../api/wire.ts"
import { clockText, isUtc } from "../../words/clock.ts"
import { exact } from "../../words/numbers.ts"

export const PreviewNote = ({
  isDiscard,
  preview: { count, cutOff, isExact, ordered }
}: {
  readonly preview: OperationPreview
  readonly isDiscard: boolean
}) => {
  const at = clockText(cutOff, isUtc.use())
  if (count === 0) return <p>None is left: what matched has been requeued or discarded meanwhile.</p>
  return (
    <div className="grid gap-1">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="text-2xl font-semibold">
          {isExact ? "" : "at least "}
          {exact(count)}
        </span>
        <span className="text-muted">
          {count === 1 ? "that had given up" : "those that had given up"} by {at}; what gives up later is not touched
        </span>
      </p>
      {ordered.length === 0 ? null : (
        <p className="text-muted">
          {ordered.join(", ")} {ordered.length === 1 ? "keeps" : "keep"} the order of each aggregate:{" "}
          {isDiscard
            ? "what is parked behind a discarded one goes on without it."
            : "these come first, then what is parked behind them."}
        </p>
      )}
    </div>
  )
}
