/**
 * By which rules a consumer is handled, and where each comes from.
 *
 * @internal
 */
import type { ConsumerDetails, RuleInForce } from "../../admin/model/consumers.ts"
import type { Surface } from "./style.ts"
import { table } from "./table.ts"
import { count, span } from "./words.ts"

const titles: Readonly<Record<RuleInForce["name"], string>> = {
  mode: "mode",
  ordering: "order",
  onDeadLetter: "after a dead letter",
  delayed: "what was put off",
  concurrency: "workers per process",
  batchSize: "first batch",
  timeoutMs: "timeout",
  maxAttempts: "attempts",
  retryBaseDelayMs: "first delay, then doubled",
  retryMaxDelayMs: "longest delay",
  retryJitterPercent: "delays shortened by up to"
}

type InForce = RuleInForce["values"][number]

const valueText = (name: RuleInForce["name"], value: InForce["value"]): string => {
  if (value === null) return "-"
  if (typeof value === "string") return value === "schedule" ? "a schedule of its own" : value
  if (name.endsWith("Ms")) return span(value)
  return name.endsWith("Percent") ? `${count(value)} %` : count(value)
}

/** `setting maxAttempts: stored`: what can be changed without a deployment is named as `settings` takes it. */
const sourceText = (source: InForce["source"], setting: string | null): string =>
  source === "code" || source === "unknown" || setting === null
    ? source
    : `setting ${setting.split(".").at(-1)}: ${source}`

/** Where processes differ, each value with those in which it is so. */
const place = (processes: ReadonlyArray<string>) => (processes.length === 0 ? "all" : processes.join(", "))

export const rulesTable = (surface: Surface, rules: ReadonlyArray<RuleInForce>): string => {
  const differs = rules.some(({ values }) => values.some(({ processes }) => processes.length > 0))
  return table(
    surface,
    [
      { title: "rule" },
      { title: "value" },
      { title: "from", isFlexible: true },
      ...(differs ? [{ title: "processes" }] : [])
    ],
    rules.flatMap(({ name, setting, values }) =>
      values.map(({ processes, source, value }) => [
        titles[name],
        valueText(name, value),
        sourceText(source, setting),
        ...(differs ? [place(processes)] : [])
      ])
    )
  )
}

/** `2`, `any`, `1 or 2` where processes differ. */
export const versionText = ({ versions }: ConsumerDetails["subscriptions"][number]): string =>
  versions.length === 0
    ? "-"
    : versions.map(({ version }) => (version === null ? "any" : `up to ${count(version)}`)).join(", ")
