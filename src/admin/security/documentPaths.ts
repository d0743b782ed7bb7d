/**
 * Paths into JSON documents, and which of them hide what.
 *
 * @internal
 */

/** One step into a document: a key, or a place in a list. */
type Step = string

/** A path that hides what it leads to: `customer.email`, `*.iban` (`*` is any one key), `**.iban` (`**` is any number of them). */
export type Pattern = ReadonlyArray<Step>

const isPlace = (step: Step) => /^-?\d+$/.test(step)

/** Steps of a path as it is written, `items[0].sku`; undefined for what is written in another way. */
export const stepsOf = (path: string): ReadonlyArray<Step> | undefined => {
  const dotted = path.replace(/\[(-?\d+|\*)\]/g, ".$1").replace(/^\./, "")
  const steps = dotted.split(".")
  return steps.every((step) => /^[^\s[\]"'`\\$=,{}()?@]+$/.test(step)) ? steps : undefined
}

/** Places in lists count for nothing: what is hidden in one is hidden in all. */
export const patternOf = (path: string): Pattern | undefined => stepsOf(path)?.filter((step) => !isPlace(step))

const fits = (wanted: Step, step: Step) => wanted === "*" || wanted === step

/** Whether a pattern leads exactly to where these steps lead, in a document: keys only, without places in lists. */
export const leadsTo = (pattern: Pattern, keys: ReadonlyArray<string>): boolean => {
  const [wanted, ...rest] = pattern
  if (wanted === undefined) return keys.length === 0
  if (wanted === "**") return leadsTo(rest, keys) || (keys.length > 0 && leadsTo(pattern, keys.slice(1)))
  const [key, ...others] = keys
  return key !== undefined && fits(wanted, key) && leadsTo(rest, others)
}

/**
 * Whether what a path leads to is hidden, lies in what is hidden, or holds it: then comparing with it tells of what is hidden. A number
 * in a path may be a key or a place.
 */
export const touches = (pattern: Pattern, steps: ReadonlyArray<Step>): boolean => {
  const [wanted, ...rest] = pattern
  const [step, ...others] = steps
  if (wanted === undefined || step === undefined) return true
  // What a path with a star compares, only who looks knows.
  if (step.includes("*")) return true
  if (isPlace(step) && touches(pattern, others)) return true
  if (wanted === "**") return touches(rest, steps) || touches(pattern, others)
  return fits(wanted, step) && touches(rest, others)
}
