/** What differs between two JSON texts, line by line: whether a comma follows is no difference. */
import { diffArrays } from "diff"

export interface DiffLine {
  readonly kind: "same" | "removed" | "added"
  readonly text: string
}

/** Lines that differ, at most: of texts that differ in more, all is told as removed and added. */
const mostDifferent = 1_000

const isSame = (a: string, b: string) => a === b || a.replace(/,$/, "") === b.replace(/,$/, "")

export const lineDiff = (before: string, after: string): ReadonlyArray<DiffLine> => {
  const [old, now] = [before.split("\n"), after.split("\n")]
  const parts = diffArrays(old, now, { comparator: isSame, maxEditLength: mostDifferent }) ?? [
    { removed: true, added: false, value: old },
    { removed: false, added: true, value: now }
  ]
  return parts.flatMap(({ added, removed, value }) => {
    const kind = added ? "added" : removed ? "removed" : "same"
    return value.map((text) => ({ kind, text }) as const)
  })
}
