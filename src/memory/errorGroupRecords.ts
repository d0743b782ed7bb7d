/**
 * What is kept of a group of errors in memory, and what becomes of it.
 *
 * @internal
 */
import { cutTo } from "../model/storable.ts"
import {
  type ErrorGroup,
  type ErrorGroupChange,
  type HourlyAttempts,
  largestGroupCount,
  largestSeen,
  type SeenFailures
} from "../stores/ErrorGroupStore.ts"
import { type DeliveryRecord, hasGivenUp, isOpen } from "./records.ts"

export const hourMillis = 3_600_000

/** How long hours are kept, in milliseconds. */
export const keptMillis = 30 * 24 * hourMillis

const dayMillis = 24 * hourMillis

export interface GroupRecord extends Omit<ErrorGroup, "gaveUp" | "retrying"> {
  readonly hours: ReadonlyArray<HourlyAttempts>
}

export const isRetrying = (delivery: DeliveryRecord) => delivery.status === "failed" && isOpen(delivery)

export const isOf = (delivery: DeliveryRecord) => hasGivenUp(delivery) || isRetrying(delivery)

/** Each once, in the order in which they were seen last. */
const merged = <A>(before: ReadonlyArray<A>, seen: ReadonlyArray<A>): ReadonlyArray<A> =>
  seen.every((each) => before.includes(each))
    ? before
    : [...new Set([...before, ...seen].toReversed())].slice(0, largestSeen).toReversed()

const withHour = (hours: ReadonlyArray<HourlyAttempts>, lastAt: number, attempts: number) => {
  if (attempts === 0) return hours
  const hour = Math.floor(lastAt / hourMillis) * hourMillis
  const before = hours.find(({ at }) => at.getTime() === hour)?.attempts ?? 0
  const others = hours.filter(({ at }) => at.getTime() !== hour)
  return [...others, { at: new Date(hour), attempts: before + attempts }].toSorted(
    (a, b) => a.at.getTime() - b.at.getTime()
  )
}

export const added = (before: GroupRecord | undefined, seen: SeenFailures, now: number): GroupRecord => {
  const [firstAt, lastAt] = [now - seen.firstAgoMillis, now - seen.lastAgoMillis]
  const known = {
    fingerprint: seen.fingerprint,
    rule: seen.rule,
    consumer: seen.consumer,
    errorTag: cutTo(seen.errorTag, 255),
    title: cutTo(seen.title, 1023),
    sample: cutTo(seen.sample, 1023),
    sampleDetail: seen.sampleDetail === null ? (before?.sampleDetail ?? null) : cutTo(seen.sampleDetail, 4000)
  }
  const versions = seen.versions.map((version) => cutTo(version, 255))
  if (before === undefined) {
    return {
      ...known,
      firstSeenAt: new Date(firstAt),
      lastSeenAt: new Date(lastAt),
      attempts: seen.attempts,
      events: seen.events,
      schemaVersions: seen.schemaVersions,
      versions,
      state: "new",
      ...{ ignoredUntil: null, resolvedAt: null, note: null, changedBy: null, changedAt: null },
      hours: withHour([], lastAt, seen.attempts)
    }
  }
  const hasReturned = before.state === "resolved" && lastAt > (before.resolvedAt?.getTime() ?? 0)
  return {
    ...before,
    sample: known.sample,
    sampleDetail: known.sampleDetail,
    firstSeenAt: new Date(Math.min(before.firstSeenAt.getTime(), firstAt)),
    lastSeenAt: new Date(Math.max(before.lastSeenAt.getTime(), lastAt)),
    attempts: before.attempts + seen.attempts,
    events: merged(before.events, seen.events),
    schemaVersions: merged(before.schemaVersions, seen.schemaVersions),
    versions: merged(before.versions, versions),
    state: hasReturned ? "new" : before.state,
    hours: withHour(before.hours, lastAt, seen.attempts)
  }
}

/** How it stands by now: to be ignored ends by itself. */
export const toGroup = (
  { hours: _, ...record }: GroupRecord,
  deliveries: ReadonlyArray<DeliveryRecord>,
  now: number
): ErrorGroup => {
  const hasEnded = record.ignoredUntil !== null && record.ignoredUntil.getTime() <= now
  return {
    ...record,
    state: record.state === "ignored" && hasEnded ? "known" : record.state,
    ignoredUntil: hasEnded ? null : record.ignoredUntil,
    gaveUp: Math.min(largestGroupCount, deliveries.filter(hasGivenUp).length),
    retrying: Math.min(largestGroupCount, deliveries.filter(isRetrying).length)
  }
}

export const changed = (
  before: GroupRecord,
  { ignoredUntil, note, state }: ErrorGroupChange,
  by: string,
  now: number
): GroupRecord => ({
  ...before,
  state: state ?? before.state,
  ignoredUntil: state === undefined ? before.ignoredUntil : (ignoredUntil ?? null),
  resolvedAt: state === "resolved" ? new Date(now) : before.resolvedAt,
  note: note === undefined ? before.note : note === null ? null : cutTo(note, 1023),
  changedBy: cutTo(by, 255),
  changedAt: new Date(now)
})

/** Neither seen for long nor told to be left alone. */
export const isOld = ({ lastSeenAt, resolvedAt, state }: ErrorGroup, now: number) =>
  (lastSeenAt.getTime() < now - 90 * dayMillis && state !== "ignored") ||
  (state === "resolved" && (resolvedAt?.getTime() ?? now) < now - 30 * dayMillis)
