/** One entry of the audit, with its details on demand. */
import { ChevronRight } from "lucide-react"
import { Link } from "wouter"
import type { AuditEntry } from "../../api/wire.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { Clock } from "../../parts/Time.tsx"
import { exact, short } from "../../words/numbers.ts"
import { actions, placeOf } from "./entries.ts"

export const columnCount = 8

const outcomes = {
  done: <StateMark state="done" word="done" />,
  refused: <StateMark state="retrying" word="refused" />,
  failed: <StateMark state="gave-up" word="failed" />
}

/** A line at the left of what did not come to be. */
const marks = {
  done: "",
  refused: "shadow-[inset_3px_0_0_var(--retrying)]",
  failed: "shadow-[inset_3px_0_0_var(--gave-up)]"
}

const cell = "px-2 py-1 text-left align-middle max-sm:inline-block max-sm:p-0"

/** In rows of two lines: in the first, or the second. */
const [first, second] = ["max-sm:order-1", "max-sm:order-2"]

const Details = ({ entry }: { readonly entry: AuditEntry }) => (
  <dl className="grid grid-cols-[minmax(72px,max-content)_minmax(0,1fr)] gap-x-4 gap-y-1">
    <dt className="text-muted">Target</dt>
    <dd className="break-all">{entry.target === "" ? "–" : <code>{entry.target}</code>}</dd>
    <dt className="text-muted">Reason</dt>
    <dd className="break-words">{entry.reason ?? <span className="text-muted">none was given</span>}</dd>
    <dt className="text-muted">Role</dt>
    <dd>{entry.role}</dd>
    <dt className="text-muted">Entry</dt>
    <dd>{entry.id}</dd>
    {entry.details === null ? null : (
      <>
        <dt className="text-muted">Details</dt>
        <dd>
          <pre className="overflow-x-auto whitespace-pre-wrap break-all">
            {JSON.stringify(entry.details, undefined, 2)}
          </pre>
        </dd>
      </>
    )}
  </dl>
)

const Target = ({ entry }: { readonly entry: AuditEntry }) => {
  const place = placeOf(entry)
  return place === undefined ? (
    <code title={entry.target}>{entry.target}</code>
  ) : (
    <Link href={place} title={entry.target} className="hover:underline">
      {entry.target}
    </Link>
  )
}

export const EntryRow = ({
  entry,
  isOpen,
  onToggle
}: {
  readonly entry: AuditEntry
  readonly isOpen: boolean
  readonly onToggle: () => void
}) => {
  const { action, affected, at, id, outcome, reason, who } = entry
  const loud = marks[outcome]
  return (
    <>
      <tr
        className={`h-8 border-b border-line/60 hover:bg-hover max-sm:flex max-sm:h-auto max-sm:flex-wrap max-sm:items-center max-sm:gap-x-3 max-sm:py-1 max-sm:after:order-1 max-sm:after:basis-full max-sm:after:content-[''] ${loud}`}
      >
        <td className="w-8 max-sm:order-1 max-sm:inline-block">
          <button
            type="button"
            aria-expanded={isOpen}
            aria-label={`Details of entry ${id}`}
            onClick={onToggle}
            className="inline-flex size-8 items-center justify-center rounded-md text-muted hover:text-text"
          >
            <ChevronRight size={14} aria-hidden="true" className={isOpen ? "rotate-90" : ""} />
          </button>
        </td>
        <td className={`${cell} ${first} whitespace-nowrap`}>
          <Clock at={at} />
        </td>
        <td className={`${cell} ${first} font-semibold whitespace-nowrap`}>{who}</td>
        <td className={`${cell} ${second} whitespace-nowrap`} title={actions[action]}>
          {action}
        </td>
        <td className={`${cell} ${second} w-2/5 max-w-0 truncate max-sm:w-auto max-sm:max-w-full`}>
          <Target entry={entry} />
        </td>
        <td
          className={`${cell} ${second} w-3/5 sm:max-lg:hidden max-w-0 truncate text-muted max-sm:w-auto max-sm:max-w-full`}
          title={reason ?? undefined}
        >
          {reason}
        </td>
        <td className={`${cell} ${second} text-right empty:max-sm:hidden`}>
          {affected === null ? null : (
            <span title={exact(affected)}>
              {short(affected)}
              <span className="sm:hidden"> affected</span>
            </span>
          )}
        </td>
        <td className={`${cell} ${first} max-sm:ml-auto`}>{outcomes[outcome]}</td>
      </tr>
      {isOpen ? (
        <tr className="border-b border-line/60 bg-surface max-sm:block">
          <td colSpan={columnCount} className="px-4 py-2 sm:pl-10 max-sm:block">
            <Details entry={entry} />
          </td>
        </tr>
      ) : null}
    </>
  )
}
