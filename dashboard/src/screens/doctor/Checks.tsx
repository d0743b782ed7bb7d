/** What was looked at, and what came of it. */
import { type Column, Table } from "../../parts/Table.tsx"
import { duration } from "../../words/numbers.ts"
import type { Check } from "./diagnosis.ts"

const outcomes: Readonly<Record<Check["outcome"], readonly [shape: string, word: string, text: string]>> = {
  ok: ["●", "nothing found", "text-done"],
  found: ["▲", "found something", "text-retrying"],
  skipped: ["–", "skipped", "text-faint"],
  failed: ["■", "could not be run", "text-gave-up"]
}

const Outcome = ({ outcome }: { readonly outcome: Check["outcome"] }) => {
  const [shape, word, text] = outcomes[outcome]
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${text}`}>
      <span aria-hidden="true" className="inline-block w-3 text-center text-[10px] leading-none">
        {shape}
      </span>
      {word}
    </span>
  )
}

const columns: ReadonlyArray<Column<Check>> = [
  { id: "title", title: "Check", narrow: "first", cell: ({ title }) => title },
  { id: "outcome", title: "Outcome", cell: ({ outcome }) => <Outcome outcome={outcome} /> },
  { id: "why", title: "Why", isWide: true, cell: ({ why }) => <span title={why ?? ""}>{why}</span> },
  {
    id: "millis",
    title: "Took",
    isNumber: true,
    cell: ({ millis, outcome }) => (outcome === "skipped" ? "" : duration(Math.max(millis, 0.5)))
  }
]

export const Checks = ({ checks }: { readonly checks: ReadonlyArray<Check> }) => (
  <Table label="Checks that were run" rows={checks} columns={columns} keyOf={({ id }) => id} />
)
