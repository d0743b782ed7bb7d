/** Error groups: their states in words, and which come first. */
import type { ErrorGroup } from "../../api/wire.ts"
import { exact } from "../../words/numbers.ts"

/** Counts of groups stop there. */
export const mostCounted = 1_001

/** `1,000+` where the count stopped. */
export const counted = (count: number): string => (count >= mostCounted ? `${exact(mostCounted - 1)}+` : exact(count))

export const stateWords: Readonly<Record<ErrorGroup["state"], string>> = {
  new: "new",
  known: "known",
  resolved: "resolved",
  ignored: "ignored"
}

const isQuiet = ({ state }: ErrorGroup) => state === "resolved" || state === "ignored"

/** What gave up most comes first, then what is still retried; what is resolved or ignored comes last. */
export const byWeight = (groups: ReadonlyArray<ErrorGroup>): ReadonlyArray<ErrorGroup> =>
  groups.toSorted(
    (one, other) =>
      Number(isQuiet(one)) - Number(isQuiet(other)) ||
      other.gaveUp - one.gaveUp ||
      other.retrying - one.retrying ||
      other.lastSeenAt.localeCompare(one.lastSeenAt)
  )
