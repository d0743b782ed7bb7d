/** What differs between two JSON texts, line by line: whether a comma follows is no difference. */

export interface DiffLine {
  readonly kind: "same" | "removed" | "added"
  readonly text: string
}

/** Cells of the table of common lines, at most: larger middles are told as removed and added. */
const mostCells = 1_000_000

const isSame = (a: string | undefined, b: string | undefined) => a?.replace(/,$/, "") === b?.replace(/,$/, "")

const as = (kind: DiffLine["kind"]) => (text: string) => ({ kind, text })

/** For each pair of ends, how many lines they have in common. */
const commonOf = (before: ReadonlyArray<string>, after: ReadonlyArray<string>) => {
  const width = after.length + 1
  const table = new Uint32Array((before.length + 1) * width)
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      table[i * width + j] = isSame(before[i], after[j])
        ? table[(i + 1) * width + j + 1]! + 1
        : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!)
    }
  }
  return (i: number, j: number) => table[i * width + j]!
}

const middleOf = (before: ReadonlyArray<string>, after: ReadonlyArray<string>): ReadonlyArray<DiffLine> => {
  if (before.length * after.length > mostCells) return [...before.map(as("removed")), ...after.map(as("added"))]
  const common = commonOf(before, after)
  const lines: Array<DiffLine> = []
  let [i, j] = [0, 0]
  while (i < before.length && j < after.length) {
    if (isSame(before[i], after[j])) {
      lines.push({ kind: "same", text: after[j]! })
      i += 1
      j += 1
    } else if (common(i + 1, j) >= common(i, j + 1)) lines.push({ kind: "removed", text: before[i++]! })
    else lines.push({ kind: "added", text: after[j++]! })
  }
  return [...lines, ...before.slice(i).map(as("removed")), ...after.slice(j).map(as("added"))]
}

export const lineDiff = (before: string, after: string): ReadonlyArray<DiffLine> => {
  const [old, now] = [before.split("\n"), after.split("\n")]
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && isSame(old[head], now[head])) head += 1
  let tail = 0
  while (tail < shorter - head && isSame(old.at(-1 - tail), now.at(-1 - tail))) tail += 1
  return [
    ...now.slice(0, head).map(as("same")),
    ...middleOf(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...now.slice(now.length - tail).map(as("same"))
  ]
}
