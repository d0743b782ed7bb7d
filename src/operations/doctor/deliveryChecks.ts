/**
 * Checks of consumers, events and processes.
 *
 * @internal
 */
import { Duration, Effect } from "effect"
import type { Processor } from "../../delivery/Processor.ts"
import type { Settings, Values } from "../../settings/Settings.ts"
import type { ConsumerCondition, DiagnosisStore, ServingProcess } from "../../stores/DiagnosisStore.ts"
import type { Replica, Served, ServedOptions } from "../../stores/ReplicaStore.ts"
import type { Unserved } from "../../stores/SubscriptionStore.ts"
import type { Check } from "./check.ts"
import { type Finding, found } from "./findings.ts"
import type { Limits } from "./limits.ts"
import { ageText, commandLine, countText, numberText } from "./words.ts"

type Store = DiagnosisStore["Service"]

/** Milliseconds without a sign of life after which a process does not count, as for who retires a subscription. */
export const silentMillis = ({ idlePollingIntervalMs }: Values) => 2.5 * idlePollingIntervalMs + 5000

const resume = (consumer: string) => commandLine("consumers", "resume", consumer)

const heldText = ({ coolsForMillis, isHeldForBackfill }: ConsumerCondition) =>
  [
    ...(isHeldForBackfill ? ["waits for its backfill"] : []),
    ...(coolsForMillis === null ? [] : [`is held by a handler for ${ageText(coolsForMillis)} more`])
  ].join(" and ")

/** Whether a consumer takes what it has, and how far behind it is. */
const ofConsumer = (state: ConsumerCondition, limits: Limits): ReadonlyArray<Finding> => {
  const { consumer: subject, isRecovering, oldestMillis, pausedMillis, pauseReason } = state
  const of = `Consumer "${subject}"`
  const held = heldText(state)
  const findings: Array<Finding> = []
  if (pausedMillis !== null && pauseReason !== null) {
    const detail = `${of} was paused ${ageText(pausedMillis)} ago: ${pauseReason}`
    findings.push(found("consumer-braked", { detail, subject, command: resume(subject) }))
  } else if (pausedMillis !== null && pausedMillis > Duration.toMillis(limits.pause)) {
    const detail = `${of} has been paused for ${ageText(pausedMillis)}.`
    findings.push(found("consumer-paused", { detail, subject, command: resume(subject) }))
  }
  if (held !== "") findings.push(found("consumer-held", { detail: `${of} ${held}.`, subject }))
  if (isRecovering) {
    const command = commandLine("dead-letters", "list", "--consumer", subject)
    findings.push(found("consumer-recovering", { detail: `${of} recovers.`, subject, command }))
  }
  if (oldestMillis > Duration.toMillis(limits.lag) && pausedMillis === null && held === "") {
    const detail = `The oldest delivery of consumer "${subject}" has been due for ${ageText(oldestMillis)}.`
    findings.push(found("consumer-late", { detail, subject, command: commandLine("errors", "--consumer", subject) }))
  }
  return findings
}

const consumers = (store: Store, limits: Limits): Check => ({
  id: "consumers",
  title: "Consumers take what they have",
  run: Effect.map(store.consumers, (all) => all.flatMap((each) => ofConsumer(each, limits)))
})

const deadLetters = (store: Store, limits: Limits): Check => ({
  id: "dead-letters",
  title: "Few deliveries gave up lately",
  run: Effect.map(store.consumers, (all) =>
    all
      .filter(({ gaveUpLately }) => gaveUpLately > limits.gaveUpPerHour)
      .map(({ consumer: subject, gaveUpLately }) =>
        found("dead-letters-growing", {
          detail: `${countText(gaveUpLately, "delivery", "deliveries")} of consumer "${subject}" gave up within the last hour.`,
          subject,
          command: commandLine("errors", "--consumer", subject)
        })
      )
  )
})

const unservedText = ({ consumer, event, lastSeenAt, open, since, version }: Unserved) => {
  const what = version === undefined ? `"${event}"` : `version ${version} of "${event}"`
  const waiting =
    open === 0 ? "Nothing waits for it yet" : `${numberText(open)}${open === 1000 ? " or more" : ""} wait for it`
  const from = since === null ? "" : `, the oldest since ${since.toISOString()}`
  return `No process that runs serves ${what} for consumer "${consumer}", which was last seen at ${lastSeenAt.toISOString()}. ${waiting}${from}.`
}

/** The processor's own question, bounded. */
const unserved = (store: Store, processor: Processor["Service"]): Check => ({
  id: "subscriptions",
  title: "Every subscription is served",
  run: Effect.map(store.bounded(processor.unserved), (all) =>
    all.map((each) => {
      const { consumer: subject, event, version } = each
      const retire = commandLine("consumers", "retire", subject, "--event", event)
      return found("subscription-unserved", {
        detail: unservedText(each),
        subject,
        command: version === undefined ? retire : null
      })
    })
  )
})

/** How many of the latest events are looked at. */
const sample = 1000

const unheard = (store: Store): Check => ({
  id: "events",
  title: "Events have consumers",
  run: Effect.map(store.unheard(sample), (all) =>
    all.map(({ count, eventName: subject, lastAt }) =>
      found("event-unheard", {
        detail: `${numberText(count)} of the latest ${numberText(sample)} events are "${subject}", the last at ${lastAt.toISOString()}, and no subscription is for it.`,
        subject,
        command: commandLine("events", "find", "--name", subject)
      })
    )
  )
})

const placeOf = ({ host, id, pid }: Pick<Replica, "id" | "host" | "pid">) =>
  host === null ? `process ${pid ?? id}` : `process ${pid} on ${host}`

/** Options beside those that are compared by themselves. */
const optionsText = ({ concurrency: _, ordering: __, ...options }: ServedOptions) =>
  Object.entries(options)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")

/** What is compared, as far as a process says it; how much a batch may hold changes with the load. */
const sides = ({ names, options, ordering, patterns, versions, workers }: Served) => ({
  events: names.toSorted().join(", "),
  patterns: patterns.toSorted().join(", "),
  versions: Object.entries(versions ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, version]) => `${name} ${version}`)
    .join(", "),
  ordering,
  workers: String(workers),
  options: options === undefined ? undefined : optionsText(options)
})

/** Where processes differ about a consumer: what each of them says, by its places. */
const differing = (consumer: string, all: ReadonlyArray<ServingProcess>): ReadonlyArray<Finding> => {
  const serving = all.flatMap((process) =>
    process.served
      .filter((each) => each.consumer === consumer)
      .map((each) => ({ place: placeOf(process), ...sides(each) }))
  )
  const keys = ["events", "patterns", "versions", "ordering", "workers", "options"] as const
  const saying = (key: (typeof keys)[number]) => serving.filter((each) => each[key] !== undefined)
  const different = keys.filter((key) => new Set(saying(key).map((each) => each[key])).size > 1)
  const text = (key: (typeof keys)[number]) =>
    [...Map.groupBy(saying(key), (each) => each[key])]
      .map(([value, places]) => {
        const [first, ...others] = places.map(({ place }) => place)
        return `"${value}" in ${first}${others.length === 0 ? "" : ` and ${others.length} more`}`
      })
      .join("; ")
  const detail = (of: ReadonlyArray<(typeof keys)[number]>) =>
    `Consumer "${consumer}": ${of.map((key) => `${key} ${text(key)}`).join(". ")}.`
  const others = different.filter((key) => key !== "ordering")
  return [
    ...(different.includes("ordering")
      ? [found("ordering-differs", { detail: detail(["ordering"]), subject: consumer })]
      : []),
    ...(others.length > 0 ? [found("consumer-differs", { detail: detail(others), subject: consumer })] : [])
  ]
}

const code = (store: Store, settings: Settings["Service"]): Check => ({
  id: "code",
  title: "All processes run the same handlers",
  run: Effect.gen(function* () {
    const all = yield* store.processes(silentMillis(yield* settings.current))
    const names = new Set(all.flatMap(({ served }) => served.map(({ consumer }) => consumer)))
    return [...names].toSorted().flatMap((consumer) => differing(consumer, all))
  })
})

const deaths = (store: Store, processor: Processor["Service"], limits: Limits): Check => ({
  id: "processes",
  title: "Processes end in good order",
  run: Effect.map(store.bounded(processor.replicas), (all) => {
    const dead = all.filter(({ status }) => status === "dead")
    if (dead.length <= limits.deathsPerDay) return []
    const places = [...new Set(dead.map(placeOf))].slice(0, 3).join(", ")
    const last = Math.max(...dead.map(({ lastSeenAt }) => lastSeenAt.getTime()))
    const detail = `${countText(dead.length, "process", "processes")} ended without a word within the last day, the last after ${new Date(last).toISOString()}: ${places}${dead.length > 3 ? " …" : ""}.`
    return [found("replicas-died", { detail, command: commandLine("status") })]
  })
})

export const deliveryChecks = (
  store: Store,
  processor: Processor["Service"],
  settings: Settings["Service"],
  limits: Limits
): ReadonlyArray<Check> => [
  consumers(store, limits),
  deadLetters(store, limits),
  unserved(store, processor),
  unheard(store),
  code(store, settings),
  deaths(store, processor, limits)
]
