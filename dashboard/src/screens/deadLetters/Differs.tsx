/** What was not the same each time: where one value leads, it is the suspect. */
import type { ErrorGroupDetails } from "../../api/wire.ts"
import { CopyButton } from "../../parts/Copy.tsx"
import { exact } from "../../words/numbers.ts"

/** Values of a placeholder that are shown. */
const most = 6

type Part = ErrorGroupDetails["differs"][number]

const Values = ({ part: { placeholder, values } }: { readonly part: Part }) => {
  const total = values.reduce((sum, { count }) => sum + count, 0)
  const others = values.length - most
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-sm">
        <span className="rounded-sm bg-hover px-1 text-muted">{placeholder.slice(1, -1)}</span>
        <span className="ml-2 font-normal text-faint">
          {values.length === 1 ? "always the same" : `${exact(values.length)} different ones seen`}
        </span>
      </h3>
      <ol className="grid text-sm">
        {values.slice(0, most).map(({ count, value }) => (
          <li key={value} className="group grid h-7 grid-cols-[minmax(0,1fr)_48px_24px] items-center gap-2">
            <span className="relative min-w-0 px-1">
              <span
                aria-hidden="true"
                className="absolute inset-y-0.5 left-0 rounded-sm bg-hover"
                style={{ width: `${(100 * count) / total}%` }}
              />
              <code className="relative block truncate" title={value}>
                {value}
              </code>
            </span>
            <span className="text-right text-muted">{exact(count)} ×</span>
            <span className="opacity-0 group-hover:opacity-100 focus-within:opacity-100">
              <CopyButton text={value} label={`Copy ${value}`} />
            </span>
          </li>
        ))}
      </ol>
      {others > 0 ? <p className="mt-1 text-sm text-faint">and {exact(others)} others</p> : null}
    </div>
  )
}

const nothing = (title: string) =>
  /<[a-z]+(?: \d+)?>/.test(title)
    ? "It is read from the deliveries that gave up, and none is left."
    : "Nothing: it was the same message each time."

export const Differs = ({ differs, title }: Pick<ErrorGroupDetails, "differs" | "title">) =>
  differs.length === 0 ? (
    <p className="text-muted">{nothing(title)}</p>
  ) : (
    <div className="grid gap-x-6 gap-y-3 sm:grid-cols-[repeat(auto-fill,minmax(220px,1fr))]">
      {differs.map((part) => (
        <Values key={part.placeholder} part={part} />
      ))}
    </div>
  )
