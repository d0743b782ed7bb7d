/** What the rules of a consumer are called, and what their values mean. */
import type { RuleInForce } from "../../api/wire.ts"
import { plainText, sources, valueText } from "../settings/values.ts"

export const ruleTitles: Readonly<Record<RuleInForce["name"], string>> = {
  mode: "Mode",
  ordering: "Order",
  onDeadLetter: "After a dead letter",
  delayed: "While one is put off",
  concurrency: "Workers of a process",
  batchSize: "First batch",
  timeoutMs: "Timeout of a handler",
  maxAttempts: "Attempts",
  retryBaseDelayMs: "First delay",
  retryMaxDelayMs: "Longest delay",
  retryJitterPercent: "Delays shortened by"
}

type InForce = RuleInForce["values"][number]

const words: Readonly<Partial<Record<RuleInForce["name"], Readonly<Record<string, string>>>>> = {
  ordering: { none: "none", aggregate: "one delivery of an aggregate at a time" },
  onDeadLetter: { park: "the later ones of its aggregate wait", continue: "its aggregate goes on" },
  delayed: { hold: "the later ones of its aggregate wait", pass: "its aggregate goes on" },
  retryBaseDelayMs: { schedule: "a schedule of its own" }
}

const counted: Readonly<Partial<Record<RuleInForce["name"], string>>> = { retryBaseDelayMs: ", then doubled" }

/** `7`, `24 s`, `1.0 s, then doubled`; of a process of an earlier version `not known`. */
export const ruleText = (name: RuleInForce["name"], value: InForce["value"]): string => {
  if (value === null) return "not known"
  if (typeof value === "string") return words[name]?.[value] ?? value
  if (name === "retryJitterPercent" && value === 0) return "nothing"
  const text = plainText(name, value) ?? valueText(name, value)
  return (name === "retryJitterPercent" ? `up to ${text}` : text) + (counted[name] ?? "")
}

/** Where a value comes from. */
export const sourceText = (source: InForce["source"]): string => {
  if (source === "code") return "code"
  return source === "unknown" ? "its process is of an earlier version" : sources[source]
}

/** What each process reads of an event: `any version`, `up to version 2`. */
export const versionText = (version: number | null): string => (version === null ? "any" : `up to ${version}`)
