/**
 * One check of the doctor: bounded, and of no harm to the others.
 *
 * @internal
 */
import { Cause, Effect, Exit, Option } from "effect"
import { describe } from "../../errors/errorText.ts"
import { NotDiagnosable } from "../../errors/OperationErrors.ts"
import { steadyMillis } from "../../stores/steadyMillis.ts"
import type { Finding } from "./findings.ts"

/** A question that is asked by `Doctor.run`. @since 0.1.0 */
export interface Check {
  /** Stable, in kebab-case. */
  readonly id: string
  readonly title: string
  /**
   * What it finds. A failure is reported as such, a `NotDiagnosable` as skipped, with its words; the other checks go on. It is given up
   * after five seconds.
   */
  readonly run: Effect.Effect<ReadonlyArray<Finding> | Partly, unknown>
}

/** What a check found that did not see all of it. @since 0.1.0 */
export interface Partly {
  readonly findings: ReadonlyArray<Finding>
  /** What it did not see, as a sentence. */
  readonly why: string | null
}

/** What became of a check. @since 0.1.0 */
export interface CheckReport {
  readonly id: string
  readonly title: string
  readonly outcome: "ok" | "found" | "skipped" | "failed"
  /** Why it was skipped or failed, or what it did not see. */
  readonly why: string | null
  readonly millis: number
}

/** How long a check may take, beside the bounds of its looks. */
const timeout = "5 seconds"

const isPartly = (result: ReadonlyArray<Finding> | Partly): result is Partly => "findings" in result

/** What a failed check says: the words of its error, and no more. */
const reasonOf = (cause: Cause.Cause<unknown>): Pick<CheckReport, "outcome" | "why"> => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (error instanceof NotDiagnosable) return { outcome: "skipped", why: error.why }
  return { outcome: "failed", why: error instanceof Error ? error.message : describe(Cause.squash(cause)).text }
}

export const examine = ({ id, run, title }: Check) =>
  Effect.gen(function* () {
    const began = yield* steadyMillis
    const exit = yield* Effect.exit(
      Effect.timeoutOrElse(run, {
        duration: timeout,
        orElse: () => Effect.fail(new Error("It took longer than five seconds."))
      })
    )
    const millis = (yield* steadyMillis) - began
    const report = { id, title, millis }
    if (Exit.isFailure(exit)) return { findings: [], report: { ...report, ...reasonOf(exit.cause) } }
    const { findings, why } = isPartly(exit.value) ? exit.value : { findings: exit.value, why: null }
    return { findings, report: { ...report, outcome: findings.length > 0 ? ("found" as const) : ("ok" as const), why } }
  })
