/** A word of the filter that is in force, or why it is not. */
import { X } from "lucide-react"
import type { Term } from "./language.ts"

export const Chip = ({
  onEdit,
  onRemove,
  problem,
  term
}: {
  readonly term: Term
  readonly problem: string | undefined
  readonly onEdit: () => void
  readonly onRemove: () => void
}) => (
  <span
    className={`inline-flex max-w-full min-w-0 items-center rounded border text-sm ${problem === undefined ? "border-line bg-hover" : "border-gave-up bg-gave-up-soft"}`}
  >
    <button
      type="button"
      onClick={onEdit}
      title={problem ?? "Change it"}
      aria-label={`Change ${term.text}${problem === undefined ? "" : `: ${problem}`}`}
      className="flex h-7 min-w-0 items-center rounded-l pl-2 max-sm:h-8"
    >
      <span className="truncate">
        {term.key === undefined ? (
          <span className="text-muted">text </span>
        ) : (
          <span className="text-muted">{term.key}: </span>
        )}
        <span className="font-semibold">{term.isQuoted ? `"${term.value}"` : term.value}</span>
      </span>
    </button>
    <button
      type="button"
      aria-label={`Remove ${term.text}`}
      onClick={onRemove}
      className="grid h-7 w-7 shrink-0 place-items-center rounded-r text-faint hover:text-text max-sm:size-8"
    >
      <X size={12} aria-hidden="true" />
    </button>
  </span>
)
