/**
 * Stored keys that are none of a setting, and which one was meant.
 *
 * @internal
 */

/** How many characters have to be added, left out or changed to make one text of another. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const replaced = (row[j] as number) + (from[i] === to[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}

/** Longest key that is compared. */
const maxLength = 100

/**
 * The key that is most like `key`, if one is like it: a third of it may differ. Capitals and the prefix do not count.
 *
 * @param prefix - what all `keys` begin with
 */
const nearestKey = (key: string, keys: ReadonlyArray<string>, prefix: string): string | undefined => {
  if (key.length > maxLength) return undefined
  const nameOf = (text: string) => (text.startsWith(prefix) ? text.slice(prefix.length) : text).toLowerCase()
  const name = nameOf(key)
  const [nearest] = keys
    .map((candidate) => ({ candidate, differs: distance(name, nameOf(candidate)) }))
    .toSorted((a, b) => a.differs - b.differs)
  return nearest !== undefined && nearest.differs <= name.length / 3 ? nearest.candidate : undefined
}

/** What is said of a stored key that is none of `keys`. */
export const unknownKeyText = (key: string, keys: ReadonlyArray<string>, prefix: string): string => {
  const nearest = nearestKey(key, keys, prefix)
  const hint = nearest === undefined ? "" : `; is ${nearest} meant?`
  return `Setting ${key} of integration_setting is not known and has no effect${hint}`
}
