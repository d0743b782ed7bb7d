/** How fast an operation may go. */
import { duration } from "../../words/numbers.ts"

/** Deliveries per second, at least: one per hour. */
const least = 1 / 3600

/** What was typed: a number, nothing (as fast as it goes), or something wrong. */
export const paceOf = (typed: string): number | "wrong" | undefined => {
  const text = typed.trim().replace(",", ".")
  if (text === "") return undefined
  const pace = Number(text)
  return Number.isFinite(pace) && pace >= least ? pace : "wrong"
}

/** What that means for so many. */
export const paceHelp = (pace: number | "wrong" | undefined, count: number): string => {
  if (typeof pace !== "number") return "As fast as it goes."
  return count === 0 ? "" : `About ${duration((count / pace) * 1_000)}.`
}
