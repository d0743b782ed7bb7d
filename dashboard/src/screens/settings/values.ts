/** Values of settings as text, and texts as values. */
import type { Setting } from "../../api/wire.ts"
import { duration, exact } from "../../words/numbers.ts"

export type Value = Setting["value"]

const hours = (count: number) => duration(count * 3_600_000)

/** The unit in which a number is given; undefined for those that count. */
export const unitOf = (key: string): string | undefined =>
  key.endsWith("Ms") ? "ms" : key.endsWith("Hours") ? "h" : key.endsWith("Percent") ? "%" : undefined

/** `30,000 ms`, `on`; what is no value of a setting as JSON. */
export const valueText = (key: string, value: unknown): string => {
  if (typeof value === "boolean") return value ? "on" : "off"
  if (typeof value !== "number") return JSON.stringify(value)
  const unit = unitOf(key)
  return unit === undefined ? exact(value) : `${exact(value)} ${unit}`
}

/** The same in larger units, where that says more: `30 s`, `30 d`. */
export const plainText = (key: string, value: unknown): string | undefined => {
  if (typeof value !== "number" || value === 0) return undefined
  if (key.endsWith("Ms") && value >= 1_000) return duration(value).replace(".0 s", " s")
  if (key.endsWith("Hours") && value >= 24) return hours(value)
  return undefined
}

/** `1 to 500`; nothing for what is on or off. */
export const boundsText = ({ key, maximum, minimum }: Setting): string | undefined => {
  if (minimum === null && maximum === null) return undefined
  const text = (value: number) => valueText(key, value)
  if (maximum === null || maximum === 2_147_483_647)
    return minimum === null || minimum === 0 ? undefined : `at least ${text(minimum)}`
  return minimum === null ? `at most ${text(maximum)}` : `${exact(minimum)} to ${text(maximum)}`
}

/** What was typed as a number within bounds, or why it is none. */
export const numberOf = (setting: Setting, typed: string): { readonly value: number } | { readonly error: string } => {
  const value = Number(typed.replaceAll(/[\s,_]/g, ""))
  if (typed.trim() === "" || !Number.isInteger(value)) return { error: "A whole number is wanted." }
  const { key, maximum, minimum } = setting
  if (minimum !== null && value < minimum) return { error: `It is at least ${valueText(key, minimum)}.` }
  if (maximum !== null && value > maximum) return { error: `It is at most ${valueText(key, maximum)}.` }
  return { value }
}

/** Where a value comes from, the weakest first. */
export const sources: Readonly<Record<Setting["source"], string>> = {
  default: "default",
  option: "option of the code",
  environment: "environment",
  stored: "stored"
}
