/**
 * Payload and metadata of a row in memory, where nothing is too large to be read; but what PostgreSQL could not give is not
 * given here either.
 *
 * @internal
 */
import { oversizeOf } from "../model/contentSize.ts"

/** The documents of a row, from their text; null when they are too large together. */
export const contentOf = (payload: string, metadata: string | null) => {
  const oversizeBytes = oversizeOf(payload, metadata ?? "") ?? null
  return oversizeBytes === null
    ? { payload: JSON.parse(payload), metadata: metadata === null ? null : JSON.parse(metadata), oversizeBytes }
    : { payload: null, metadata: null, oversizeBytes }
}
