/**
 * About how much of memory payloads take.
 *
 * @internal
 */
import type { Claimed } from "../../stores/Delivery.ts"

/** Characters of the strings of a JSON value, and one for everything else. */
const charactersOf = (value: unknown): number => {
  if (typeof value === "string") return value.length + 1
  if (typeof value !== "object" || value === null) return 1
  let sum = 1
  if (Array.isArray(value)) for (const item of value) sum += charactersOf(item)
  else for (const key in value) sum += key.length + charactersOf((value as Record<string, unknown>)[key])
  return sum
}

/** The payloads of a batch, in characters. */
export const payloadSizeOf = (rows: ReadonlyArray<Claimed>): number =>
  rows.reduce((sum, { payload }) => sum + charactersOf(payload), 0)
