/** Where a list goes on. */
import { exact } from "../words/numbers.ts"
import { Button } from "./Button.tsx"

export const More = ({
  count,
  hasMore,
  isAsking,
  onMore,
  what
}: {
  /** How many are shown. */
  readonly count: number
  /** What they are, in the plural. */
  readonly what: string
  readonly hasMore: boolean
  readonly isAsking: boolean
  readonly onMore: () => void
}) =>
  hasMore ? (
    <div className="flex flex-wrap items-center gap-3 py-3 text-muted">
      <span>
        The first {exact(count)} {what} are shown.
      </span>
      <Button onClick={onMore} disabled={isAsking}>
        {isAsking ? "Asking" : "Show more"}
      </Button>
    </div>
  ) : null
