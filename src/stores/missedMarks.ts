/**
 * Marks that did not find their rows: whoever holds a delivery and cannot mark it must not commit what was done for it.
 *
 * @internal
 */
import { StoreError } from "../errors/StoreErrors.ts"

/** The error of a transaction that marked some of its deliveries only; to be failed with, so that it is rolled back. */
export const missedMarks = (operation: string, asked: number, marked: number): StoreError =>
  new StoreError({
    operation,
    reason: `${asked - marked} of ${asked} deliveries could not be marked, so nothing is committed: their rows are not there, or not open any more, as when a handler changes its own row of inbox_event.`,
    isRetryable: false,
    cause: undefined
  })
