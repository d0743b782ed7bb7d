/**
 * `doctor`: what is not as it should be, and the command that mends it.
 *
 * @internal
 */
import { Effect } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { Diagnosis, Finding } from "../../admin/model/diagnosis.ts"
import { asking } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { clean, cleanLines } from "../output/clean.ts"
import { severityState } from "../output/states.ts"
import { bullet, type Surface, styled } from "../output/style.ts"
import { heading, table } from "../output/table.ts"
import { count, many } from "../output/words.ts"
import { tell } from "../session.ts"
import { repeating } from "../suggested.ts"

/** What `doctor` takes. */
export interface DoctorInput {
  readonly checks: boolean
}

const severities = ["error", "warning", "notice"] as const

const indent = (text: string) =>
  cleanLines(text)
    .split("\n")
    .map((line) => `    ${line}`)

const findingText = (surface: Surface, finding: Finding): ReadonlyArray<string> => [
  bullet(surface, severityState(finding.severity), styled(surface, "bold", clean(finding.title))) +
    styled(surface, "dim", ` ${finding.severity} ${clean(finding.id)}`),
  ...indent(finding.detail),
  ...indent(`Cause: ${finding.cause}`),
  ...indent(`Mend:  ${finding.mend}`),
  ...(finding.command === null ? [] : indent(`$ ${finding.command}`)),
  ""
]

const checksTable = (surface: Surface, { checks }: Diagnosis) =>
  table(
    surface,
    [
      { title: "check", isFlexible: true },
      { title: "outcome" },
      { title: "ms", isRight: true },
      { title: "why", isFlexible: true }
    ],
    checks.map(({ millis, outcome, title, why }) => [title, outcome, count(Math.round(millis)), why ?? ""])
  )

const summary = ({ checks, findings }: Diagnosis, hasChecks: boolean) => {
  const counted = severities.flatMap((severity) => {
    const found = findings.filter((each) => each.severity === severity).length
    return found === 0 ? [] : [many(found, severity)]
  })
  const undone = checks.filter(({ outcome }) => outcome === "failed" || outcome === "skipped").length
  const rest = undone === 0 ? "" : ` ${many(undone, "check")} could not be made${hasChecks ? "" : ": see --checks"}.`
  return `${many(checks.length, "check")}: ${counted.length === 0 ? "nothing was found" : counted.join(", ")}.${rest}`
}

const diagnosisText = (surface: Surface, diagnosis: Diagnosis, hasChecks: boolean) => {
  const worst = diagnosis.findings.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
  return [
    ...worst.flatMap((finding) => findingText(surface, finding)),
    ...(hasChecks ? [heading(surface, "Checks"), checksTable(surface, diagnosis), ""] : []),
    summary(diagnosis, hasChecks)
  ].join("\n")
}

/** Looks for what is wrong. A notice is nothing to be mended at once. */
export const doctor = (input: DoctorInput) =>
  asking(
    Effect.gen(function* () {
      const found = yield* (yield* Admin).doctor
      const findings = yield* Effect.forEach(found.findings, (finding) =>
        finding.command === null
          ? Effect.succeed(finding)
          : Effect.map(repeating(finding.command), (command) => ({ ...finding, command }))
      )
      const diagnosis = { ...found, findings }
      yield* tell(diagnosis, (surface) => diagnosisText(surface, diagnosis, input.checks))
      return diagnosis.findings.some(({ severity }) => severity !== "notice") ? exitCodes.found : exitCodes.done
    })
  )
