/**
 * What the errors of services are to whoever administrates.
 *
 * @internal
 */

import { StoreError } from "../../errors/StoreErrors.ts"
import { sqlStateOf } from "../../errors/sqlState.ts"
import { Conflict, Invalid, isProblem, NotFound, type Problem, Unavailable } from "../problems.ts"

/** SQLSTATE of a statement that was ended, as by its time limit. */
const queryCanceled = "57014"

/** Errors of things that are not there. */
const absent = new Set([
  "ConsumerNotFound",
  "DeliveryNotFound",
  "ErrorGroupNotFound",
  "EventNotDelivered",
  "EventNotFound",
  "LinkNotFound",
  "OperationNotFound"
])

/** Errors of things that are not as they were, or stand in the way. */
const inTheWay = new Set(["ConsumerStillServed", "DeadLetterChanged", "NotSettled"])

interface Tagged extends Error {
  readonly _tag: string
}

/** The database's own words may hold what is in rows: they stay here. */
const ofStore = (error: StoreError) =>
  new Unavailable({
    detail:
      sqlStateOf(error) === queryCanceled
        ? "The database took longer than two seconds and was stopped; nothing was changed. Ask for less (a shorter time, a name, a smaller budget), or try again: something may have been in the way."
        : `The database refused or did not answer (${error.operation}). Nothing more is told here; the process that serves this has the reason in its log.`
  })

/** What is wrong with a payload, by place. */
const issuesOf = (error: object): ReadonlyArray<{ readonly path: string; readonly message: string }> => {
  const { issues } = error as { readonly issues?: unknown }
  if (!Array.isArray(issues)) return []
  return issues.map((issue) => ({ path: String(Object(issue).path ?? ""), message: String(Object(issue).message) }))
}

/** @param error - of a service: all of them are tagged, and say in whole sentences what to do */
export const problemOf = (error: Tagged): Problem => {
  if (isProblem(error)) return error
  if (error instanceof StoreError) return ofStore(error)
  if (absent.has(error._tag)) return new NotFound({ detail: error.message })
  if (inTheWay.has(error._tag)) return new Conflict({ detail: error.message })
  return new Invalid({ detail: error.message, issues: issuesOf(error) })
}
