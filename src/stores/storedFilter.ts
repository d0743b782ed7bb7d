/**
 * Filters of dead letters as JSON, in which operations keep them.
 *
 * @internal
 */
import type { DeadLetterFilter } from "./DeadLetterStore.ts"

/** Times become texts. */
export const toStoredFilter = (filter: DeadLetterFilter): string => JSON.stringify(filter)

type StoredFilter = Omit<DeadLetterFilter, "since" | "until"> & { readonly since?: string; readonly until?: string }

/** @param stored - the document, or its text, whichever a client gives */
export const fromStoredFilter = (stored: string | object): DeadLetterFilter => {
  const { since, until, ...rest } = (typeof stored === "string" ? JSON.parse(stored) : stored) as StoredFilter
  return {
    ...rest,
    ...(since === undefined ? {} : { since: new Date(since) }),
    ...(until === undefined ? {} : { until: new Date(until) })
  }
}
