/**
 * Why the command line did not do what it was asked for, in sentences. Loaded when something fails.
 *
 * @internal
 */
import type { Cause } from "effect"
import type { Problem } from "../admin/problems.ts"
import { describe, issueText, principal } from "../errors/errorText.ts"
import { StoreError } from "../errors/StoreErrors.ts"
import { commandLine } from "../operations/doctor/words.ts"
import { NotDone } from "./failures.ts"
import type { Common } from "./session.ts"
import { toShell } from "./shellWords.ts"

const problems = ["Invalid", "Unauthenticated", "Forbidden", "NotFound", "Conflict", "Unavailable"]

const isProblem = (error: unknown): error is Problem =>
  typeof error === "object" && error !== null && "_tag" in error && problems.includes(String(error._tag))

/** What to do, where the other side cannot know. */
const hints: Readonly<Record<string, string | undefined>> = {
  Unauthenticated: "Give --token, or set EFFECT_INTEGRATION_TOKEN.",
  Forbidden: "Use the token of somebody who may."
}

/** How to migrate what a call looks at: its database, if it says which; a process has one that it alone knows. */
const migrating = (call: Common | undefined) => {
  const isOfProcess = /^https?:/.test(call?.url ?? "")
  return commandLine("migrate", ...(call === undefined || isOfProcess ? [] : call.repeated))
}

const ofProblem = (problem: Problem, migrate: string) => {
  const issues = problem._tag === "Invalid" ? problem.issues.map((issue) => `\n  ${issueText(issue)}`).join("") : ""
  const hint = hints[problem._tag]
  return `${toShell(problem.detail, migrate)}${issues}${hint === undefined ? "" : `\n${hint}`}`
}

const ofStore = ({ operation, reason }: StoreError) =>
  operation === "connect" ? reason : `The database refused, or did not answer (${operation}): ${reason}`

/** Those with a tag say in whole sentences what is wrong. */
const isTagged = (error: unknown): error is Error =>
  error instanceof Error && error.message !== "" && "_tag" in error && typeof error._tag === "string"

/**
 * What went wrong, without a stack.
 *
 * @param call - the options of what failed, if it came that far
 */
export const wordsOf = (cause: Cause.Cause<unknown>, call: Common | undefined): string => {
  const error = principal(cause)
  const migrate = migrating(call)
  if (error instanceof NotDone) return error.detail
  if (isProblem(error)) return ofProblem(error, migrate)
  if (error instanceof StoreError) return ofStore(error)
  return isTagged(error) ? toShell(error.message, migrate) : describe(error).text
}
