/** What was found, how far it was looked, and whether to go on. */
import { Button } from "../../parts/Button.tsx"
import { clockText, isUtc } from "../../words/clock.ts"
import { exact } from "../../words/numbers.ts"
import type { Search } from "./search.ts"

export const SearchLine = ({
  isSearching,
  onGoOn,
  onStop,
  search: { direction, found, looked, lookedBackTo, next }
}: {
  readonly search: Search
  readonly isSearching: boolean
  readonly onGoOn: () => void
  readonly onStop: () => void
}) => {
  const utc = isUtc.use()
  const way = direction === "backward" ? "back to" : "on to"
  return (
    <div className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line px-2 py-1 text-sm text-muted">
      <p role="status">
        <span className="text-text">{exact(found.length)} found</span> in {exact(looked)}{" "}
        {looked === 1 ? "event" : "events"}
        {lookedBackTo === null ? "" : `, ${way} ${clockText(lookedBackTo, utc)}`}.
        {next === undefined ? " That is all there are." : ""}
      </p>
      {next === undefined && !isSearching ? null : isSearching ? (
        <Button onClick={onStop}>Stop</Button>
      ) : (
        <Button onClick={onGoOn}>Go on</Button>
      )}
      {isSearching ? <span>Looking further …</span> : null}
    </div>
  )
}
