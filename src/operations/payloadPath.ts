/**
 * Paths into payloads, as people write them: `customer.id`, `items[0].sku`, `["odd.key"].x`.
 *
 * @internal
 */

/** A plain key, an index, or a key that is written as a JSON string. */
const step = /\.?([^.[\]"\s][^.[\]"]*)|\[(\d{1,9})\]|\.?\[("(?:[^"\\]|\\.)*")\]/y

const keyOf = (json: string): string | undefined => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** The steps of a path, from the outside in; undefined when it is none. */
export const stepsOf = (path: string): ReadonlyArray<string> | undefined => {
  const steps: Array<string> = []
  if (path.startsWith(".")) return undefined
  step.lastIndex = 0
  for (let at = 0; at < path.length; at = step.lastIndex) {
    step.lastIndex = at
    const found = step.exec(path)
    // A key that follows another has a dot before it, the first has none.
    if (found === null || (at > 0 && found[1] !== undefined && !found[0].startsWith("."))) return undefined
    const key = found[3] === undefined ? (found[1] ?? found[2]) : keyOf(found[3])
    if (key === undefined) return undefined
    steps.push(key)
  }
  return steps.length === 0 ? undefined : steps
}
