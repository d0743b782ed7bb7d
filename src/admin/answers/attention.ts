/**
 * What wants attention, in sentences, the worst first.
 *
 * @internal
 */
import type { Attention, ConsumerSummary, Replica } from "../model/consumers.ts"
import type { ErrorGroup } from "../model/deadLetters.ts"
import { taggedTitle } from "../taggedTitle.ts"
import type { LagTrend } from "./lagTrends.ts"

/** A delivery that is due for longer is late, in milliseconds. */
export const late = 60_000

/** A consumer that is that far behind is in trouble. */
const veryLate = 300_000

const severities = ["error", "warning", "notice"]

const ageText = (millis: number): string => {
  const minutes = Math.floor(millis / 60_000)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`
}

const countText = (count: number, most: number) => (count >= most ? `${most - 1} or more` : String(count))

const paused = ({ consumer, pauseReason, pausedAt, pausedBy }: ConsumerSummary): ReadonlyArray<Attention> => {
  if (pausedAt === null) return []
  const why = pauseReason === null ? "" : `: ${pauseReason}`
  const who = pausedBy === null ? "" : ` by ${pausedBy}`
  const title = `Consumer ${consumer} is paused since ${pausedAt.toISOString()}${who}${why}.`
  return [{ id: "consumer-paused", severity: "warning", title, subject: consumer }]
}

/** Whether something waits for a consumer that no process serves. */
const isForsaken = ({ depth, servedBy, subscriptions }: ConsumerSummary): boolean =>
  servedBy.length === 0 &&
  subscriptions.length > 0 &&
  depth.ready + depth.delayed + depth.retrying + depth.leased + depth.parked > 0

const lagging = (summary: ConsumerSummary, trend: LagTrend | undefined): ReadonlyArray<Attention> => {
  const { consumer, depth, pausedAt } = summary
  // That nobody serves it says why it is behind.
  if (pausedAt !== null || depth.oldestMillis < late || isForsaken(summary)) return []
  const severity = depth.oldestMillis < veryLate ? "warning" : "error"
  const where = trend === undefined ? "" : ` and ${trend}`
  const title = `Consumer ${consumer} is ${ageText(depth.oldestMillis)} behind${where}.`
  return [{ id: "consumer-lags", severity, title, subject: consumer }]
}

const forsaken = (summary: ConsumerSummary): ReadonlyArray<Attention> => {
  if (!isForsaken(summary)) return []
  const { consumer, depth } = summary
  const since = depth.oldestMillis < late ? "" : `, one for ${ageText(depth.oldestMillis)}`
  const title = `No process serves consumer ${consumer}, and deliveries wait for it${since}.`
  return [{ id: "consumer-unserved", severity: "error", title, subject: consumer }]
}

const gaveUp = ({ consumer, depth }: ConsumerSummary): ReadonlyArray<Attention> => {
  if (depth.deadLetters === 0) return []
  const deliveries = depth.deadLetters === 1 ? "1 delivery" : `${countText(depth.deadLetters, 10_001)} deliveries`
  const title = `Consumer ${consumer} gave up ${deliveries}.`
  return [{ id: "dead-letters", severity: "warning", title, subject: consumer }]
}

const failing = (groups: ReadonlyArray<ErrorGroup>): ReadonlyArray<Attention> =>
  groups.map((group) => ({
    id: "error-new",
    severity: "warning",
    title: `New error of ${group.consumer}: ${taggedTitle(group)}`,
    subject: group.fingerprint
  }))

/** Processes that died are named up to so many, the last ones. */
const mostDied = 3

const died = (replicas: ReadonlyArray<Replica>): ReadonlyArray<Attention> => {
  const dead = replicas
    .filter(({ status }) => status === "dead")
    .toSorted((one, other) => other.lastSeenAt.getTime() - one.lastSeenAt.getTime())
  const named = dead.slice(0, mostDied).map(
    ({ host, id, lastSeenAt, pid }): Attention => ({
      id: "process-died",
      severity: "notice",
      title: `Process ${pid} on ${host} ended without a word; it was last heard of at ${lastSeenAt.toISOString()}.`,
      subject: id
    })
  )
  if (dead.length <= mostDied) return named
  const title = `${dead.length - mostDied} more processes ended without a word within a day.`
  return [...named, { id: "process-died", severity: "notice", title, subject: null }]
}

const most = (consumers: ReadonlyArray<ConsumerSummary>, of: (summary: ConsumerSummary) => number) =>
  consumers.toSorted((one, other) => of(other) - of(one))

/**
 * By severity; of the same severity what gave up most, then what is furthest behind.
 *
 * @param groups - of errors that are new
 * @param trends - of consumers that are behind
 */
export const attentionTo = (
  consumers: ReadonlyArray<ConsumerSummary>,
  groups: ReadonlyArray<ErrorGroup>,
  replicas: ReadonlyArray<Replica>,
  trends: ReadonlyMap<string, LagTrend>
): ReadonlyArray<Attention> =>
  [
    ...consumers.flatMap(forsaken),
    ...most(consumers, ({ depth }) => depth.deadLetters).flatMap(gaveUp),
    ...most(consumers, ({ depth }) => depth.oldestMillis).flatMap((each) => lagging(each, trends.get(each.consumer))),
    ...consumers.flatMap(paused),
    ...failing(groups),
    ...died(replicas)
  ].toSorted((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity))
