/** What a diagnosis found, put in order: what is found alike stands together. */

import type { Diagnosis } from "../../api/wire.ts"
import { quoted } from "../events/language.ts"

export type Finding = Diagnosis["findings"][number]

export type Check = Diagnosis["checks"][number]

export type Severity = Finding["severity"]

/** Findings of one kind: cause and cure are said once. */
export interface FoundKind {
  readonly first: Finding
  readonly all: ReadonlyArray<Finding>
}

/** In the order in which they were found: the severe ones first. */
export const kindsOf = (findings: ReadonlyArray<Finding>): ReadonlyArray<FoundKind> => {
  const kinds = new Map<string, Array<Finding>>()
  for (const finding of findings) {
    const known = kinds.get(finding.id)
    if (known === undefined) kinds.set(finding.id, [finding])
    else known.push(finding)
  }
  return [...kinds.values()].map((all) => ({ first: all[0]!, all }))
}

const aboutConsumers = new Set([
  "subscription-unserved",
  "ordering-differs",
  "consumer-differs",
  "consumer-braked",
  "consumer-paused",
  "consumer-held",
  "consumer-recovering",
  "consumer-late",
  "dead-letters-growing"
])

const aboutSettings = new Set(["setting-rejected", "retention-off"])

const aboutProcesses = new Set(["replicas-died", "delivery-stalled", "pool-small"])

export interface Lead {
  readonly href: string
  readonly label: string
}

/** Where more is to be seen of what a finding is about; undefined if nowhere. */
export const leadOf = ({ id, subject }: Finding): Lead | undefined => {
  if (aboutProcesses.has(id)) return { href: "/processes", label: "Processes" }
  if (subject === null) return undefined
  if (aboutConsumers.has(id)) return { href: `/consumers/${encodeURIComponent(subject)}`, label: subject }
  if (aboutSettings.has(id)) return { href: `/settings/${encodeURIComponent(subject)}`, label: subject }
  if (id === "event-unheard") {
    return { href: `/events?q=${encodeURIComponent(`name:${quoted(subject)}`)}`, label: `Events ${subject}` }
  }
  return undefined
}

const count = (many: number, one: string, more = `${one}s`) => `${many} ${many === 1 ? one : more}`

/** What was found, in one line. */
export const summaryOf = ({ checks, findings }: Diagnosis): string => {
  const skipped = checks.filter(({ outcome }) => outcome === "skipped").length
  const failed = checks.filter(({ outcome }) => outcome === "failed").length
  const run = checks.length - skipped
  const of = (severity: Severity) => findings.filter((each) => each.severity === severity).length
  const parts = [
    [of("error"), "error"],
    [of("warning"), "warning"],
    [of("notice"), "notice"]
  ] as const
  const found = parts.filter(([many]) => many > 0).map(([many, name]) => count(many, name))
  return [
    `${found.length === 0 ? "Nothing found" : found.join(", ")} in ${count(run, "check")}.`,
    ...(skipped > 0 ? [`${count(skipped, "check")} had nothing to look at.`] : []),
    ...(failed > 0 ? [`${count(failed, "check")} could not be run.`] : [])
  ].join(" ")
}
