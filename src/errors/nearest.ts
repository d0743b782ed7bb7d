/**
 * Which of some names was meant by one that is none of them.
 *
 * @internal
 */

/** How many characters have to be added, left out or changed, or neighbours swapped, to make one text of another. */
const distance = (from: string, to: string): number => {
  let before: ReadonlyArray<number> = []
  let row: ReadonlyArray<number> = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] as number) + (from[i] === to[j] ? 0 : 1)
      const isSwapped = j > 0 && from[i] === to[j - 1] && from[i - 1] === to[j]
      const swapped = isSwapped ? (before[j - 1] as number) + 1 : replaced
      next.push(Math.min(replaced, swapped, (row[j + 1] as number) + 1, (next[j] as number) + 1))
    }
    before = row
    row = next
  }
  return row[to.length] as number
}

/** Longest name that is compared. */
const maxLength = 100

/**
 * The name that is most like `given`, if one is like it: a third of it may differ. Capitals and the prefix do not count.
 *
 * @param prefix - what all `names` begin with; default nothing
 */
export const nearest = (given: string, names: ReadonlyArray<string>, prefix = ""): string | undefined => {
  if (given.length > maxLength) return undefined
  const bare = (text: string) => (text.startsWith(prefix) ? text.slice(prefix.length) : text).toLowerCase()
  const name = bare(given)
  const [first] = names
    .map((candidate) => ({ candidate, differs: distance(name, bare(candidate)) }))
    .toSorted((a, b) => a.differs - b.differs)
  return first !== undefined && first.differs <= name.length / 3 ? first.candidate : undefined
}
