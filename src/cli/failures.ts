/**
 * Why the command line did not do what it was asked for, in sentences.
 *
 * @internal
 */
import { type Cause, Schema } from "effect"
import type { Problem } from "../admin/problems.ts"
import { describe, issueText, principal } from "../errors/errorText.ts"

/** It was not done, and why: sentences that say what to do. */
export class NotDone extends Schema.TaggedError<NotDone>()("NotDone", { detail: Schema.String }) {
  override get message() {
    return this.detail
  }
}

/** Exit codes of the command line. */
export const exitCodes = {
  /** It was done, and nothing was found. */
  done: 0,
  /** It was not done: not understood, not reached, not allowed, refused, or it failed. */
  notDone: 1,
  /** It was done, and it found something: of what looks for something. */
  found: 2,
  /** Somebody interrupted it. */
  interrupted: 130
} as const

const problems = ["Invalid", "Unauthenticated", "Forbidden", "NotFound", "Conflict", "Unavailable"]

const isProblem = (error: unknown): error is Problem =>
  typeof error === "object" && error !== null && "_tag" in error && problems.includes(String(error._tag))

/** What to do, where the other side cannot know. */
const hints: Readonly<Record<string, string | undefined>> = {
  Unauthenticated: "Give --token, or set EFFECT_INTEGRATION_TOKEN.",
  Forbidden: "Use the token of somebody who may."
}

const ofProblem = (problem: Problem) => {
  const issues = problem._tag === "Invalid" ? problem.issues.map((issue) => `\n  ${issueText(issue)}`).join("") : ""
  const hint = hints[problem._tag]
  return `${problem.detail}${issues}${hint === undefined ? "" : `\n${hint}`}`
}

/** What went wrong, without a stack. */
export const wordsOf = (cause: Cause.Cause<unknown>): string => {
  const error = principal(cause)
  if (error instanceof NotDone) return error.detail
  return isProblem(error) ? ofProblem(error) : describe(error).text
}
