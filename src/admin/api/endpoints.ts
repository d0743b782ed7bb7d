/**
 * What all endpoints of the HTTP API have in common. The only file of the room that declares endpoints' problems.
 *
 * @internal
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { Conflict, Forbidden, Invalid, NotFound, Unauthenticated, Unavailable } from "../problems.ts"

const asProblem = HttpApiSchema.asJson({ contentType: "application/problem+json" })

/** A problem on the way of a stream. */
export const problem = Schema.Union([Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Unavailable])

/** Problems that any endpoint may have. */
export const problems = [
  Invalid.pipe(asProblem),
  Unauthenticated.pipe(asProblem),
  Forbidden.pipe(asProblem),
  NotFound.pipe(asProblem),
  Conflict.pipe(asProblem),
  Unavailable.pipe(asProblem)
] as const
