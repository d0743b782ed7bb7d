/**
 * The rules of a consumer, as they are in force in the processes that serve it, with where each comes from.
 *
 * @internal
 */
import { defaultTimeoutMillis } from "../../delivery/consumerRules.ts"
import type { Values } from "../../settings/definitions.ts"
import type { SettingInForce } from "../../settings/Settings.ts"
import type { Served, ServedOptions, Serving } from "../../stores/ReplicaStore.ts"
import type { ConsumerDetails, RuleInForce } from "../model/consumers.ts"

type Value = RuleInForce["values"][number]["value"]

/** What holds, in one process. */
type Held = Omit<RuleInForce["values"][number], "processes">

interface Rule {
  readonly name: RuleInForce["name"]
  /** What code says; undefined: nothing. */
  readonly code: (options: ServedOptions) => Value | undefined
  /** What holds otherwise: a default, or what a setting comes to. */
  readonly otherwise: Value | { readonly setting: keyof Values; readonly of?: (value: number) => number }
  /** Whether it means anything; default always. */
  readonly isFor?: (served: Served) => boolean
}

const isOrdered = ({ ordering }: Served) => ordering === "aggregate"

const rules: ReadonlyArray<Rule> = [
  { name: "mode", code: ({ mode }) => mode, otherwise: "transactional" },
  { name: "ordering", code: ({ ordering }) => ordering, otherwise: "none" },
  { name: "onDeadLetter", code: ({ onDeadLetter }) => onDeadLetter, otherwise: "park", isFor: isOrdered },
  { name: "delayed", code: ({ delayed }) => delayed, otherwise: "hold", isFor: isOrdered },
  { name: "concurrency", code: ({ concurrency }) => concurrency, otherwise: 1 },
  { name: "batchSize", code: ({ batchSize }) => batchSize, otherwise: { setting: "batchSize" } },
  {
    name: "timeoutMs",
    code: ({ timeoutMs }) => timeoutMs,
    otherwise: { setting: "processingLeaseMs", of: defaultTimeoutMillis }
  },
  { name: "maxAttempts", code: ({ maxAttempts }) => maxAttempts, otherwise: { setting: "maxAttempts" } },
  {
    name: "retryBaseDelayMs",
    code: ({ hasRetrySchedule, retryBaseDelayMs }) => (hasRetrySchedule === true ? "schedule" : retryBaseDelayMs),
    otherwise: { setting: "retryBaseDelayMs" }
  },
  {
    name: "retryMaxDelayMs",
    code: ({ retryMaxDelayMs }) => retryMaxDelayMs,
    otherwise: { setting: "retryMaxDelayMs" }
  },
  {
    name: "retryJitterPercent",
    code: ({ retryJitterPercent }) => retryJitterPercent,
    otherwise: { setting: "retryJitterPercent" }
  }
]

const heldIn = (rule: Rule, { options }: Served, settings: ReadonlyArray<SettingInForce>): Held => {
  if (options === undefined) return { value: null, source: "unknown" }
  const value = rule.code(options)
  if (value !== undefined) return { value, source: "code" }
  const { otherwise } = rule
  if (otherwise === null || typeof otherwise !== "object") return { value: otherwise, source: "default" }
  const setting = settings.find(({ name }) => name === otherwise.setting)
  if (setting === undefined) return { value: null, source: "unknown" }
  const given = Number(setting.value)
  return { value: otherwise.of === undefined ? given : otherwise.of(given), source: setting.source }
}

/** What is said by processes, each with those that say it; where all say the same, none is named. */
const byProcess = <A extends object>(said: ReadonlyArray<readonly [Serving, A]>, serving: number) =>
  [...Map.groupBy(said, ([, each]) => JSON.stringify(each)).values()].map((group) => ({
    ...group[0]![1],
    processes: group.length === serving ? [] : group.map(([{ id }]) => id)
  }))

/** All rules that mean something in one of the processes; none where nobody serves it. */
export const rulesInForce = (
  serving: ReadonlyArray<Serving>,
  settings: ReadonlyArray<SettingInForce>
): ReadonlyArray<RuleInForce> =>
  rules.flatMap((rule) => {
    const { isFor = () => true, name, otherwise } = rule
    const said = serving
      .filter(({ served }) => isFor(served))
      .map((each) => [each, heldIn(rule, each.served, settings)] as const)
    if (said.length === 0) return []
    const followed =
      otherwise !== null && typeof otherwise === "object"
        ? settings.find((setting) => setting.name === otherwise.setting)
        : undefined
    return [{ name, setting: followed?.key ?? null, values: byProcess(said, serving.length) }]
  })

/** Up to which version processes read what is subscribed, by that name or pattern. */
export const versionsRead = (
  serving: ReadonlyArray<Serving>,
  event: string
): ConsumerDetails["subscriptions"][number]["versions"] =>
  byProcess(
    serving
      .filter(({ served: { names, patterns } }) => names.includes(event) || patterns.includes(event))
      .map((each) => [each, { version: each.served.versions?.[event] ?? null }] as const),
    serving.length
  )
