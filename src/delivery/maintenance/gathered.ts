/**
 * Failures that a process has seen and not added to their groups yet: a storm of them is one entry.
 *
 * @internal
 */
import type { Claimed, Settlement } from "../../stores/Delivery.ts"
import { largestSeen, type SeenFailures } from "../../stores/ErrorGroupStore.ts"

/** Groups that are kept until they are added. Others are found by their deliveries later. */
const mostGroups = 1000

/** What was seen of one group. */
interface Entry
  extends Omit<SeenFailures, "firstAgoMillis" | "lastAgoMillis" | "events" | "schemaVersions" | "versions"> {
  /** Of `steadyMillis`. */
  readonly firstAt: number
  readonly lastAt: number
  readonly events: ReadonlySet<string>
  readonly schemaVersions: ReadonlySet<number>
}

/** Those that were seen last. */
const lastOf = <A>(seen: Iterable<A>): ReadonlySet<A> => {
  const all = [...new Set(seen)]
  return new Set(all.slice(-largestSeen))
}

const withOne = <A>(seen: ReadonlySet<A>, one: A): ReadonlySet<A> => (seen.has(one) ? seen : lastOf([...seen, one]))

/** Of what was seen before and later, both. */
const together = (before: Entry, later: Entry): Entry => ({
  ...later,
  attempts: before.attempts + later.attempts,
  firstAt: before.firstAt,
  events: lastOf([...before.events, ...later.events]),
  schemaVersions: lastOf([...before.schemaVersions, ...later.schemaVersions])
})

export class Gathered {
  readonly #versions: ReadonlyArray<string>
  #entries = new Map<string, Entry>()

  /** @param version - of the application */
  constructor(version: string | undefined) {
    this.#versions = version === undefined ? [] : [version]
  }

  /** Takes note of an attempt, if it failed. Returns whether it did, and there is room for it. */
  note(
    { consumer, eventName, schemaVersion }: Claimed,
    { error, errorTag, failure }: Settlement,
    now: number
  ): boolean {
    const group = failure?.group
    if (failure === undefined || group === undefined) return false
    const before = this.#entries.get(group.fingerprint)
    if (before === undefined && this.#entries.size >= mostGroups) return false
    this.#entries.set(group.fingerprint, {
      ...group,
      consumer,
      errorTag: errorTag ?? "",
      // Of a message of megabytes the beginning.
      sample: (error ?? "").slice(0, 2048),
      sampleDetail: failure.detail,
      attempts: (before?.attempts ?? 0) + 1,
      firstAt: before?.firstAt ?? now,
      lastAt: now,
      events: withOne(before?.events ?? new Set(), eventName),
      schemaVersions: withOne(before?.schemaVersions ?? new Set(), schemaVersion)
    })
    return true
  }

  /** All there is; it is gone from here. */
  take(): ReadonlyArray<Entry> {
    const taken = [...this.#entries.values()]
    this.#entries = new Map()
    return taken
  }

  /** Takes back what could not be added. What was seen since stands before it when there is no room for all. */
  giveBack(taken: ReadonlyArray<Entry>): void {
    for (const entry of taken) {
      const later = this.#entries.get(entry.fingerprint)
      if (later !== undefined) this.#entries.set(entry.fingerprint, together(entry, later))
      else if (this.#entries.size < mostGroups) this.#entries.set(entry.fingerprint, entry)
    }
  }

  /** As the store takes it. @param now - of `steadyMillis` */
  toSeen(taken: ReadonlyArray<Entry>, now: number): ReadonlyArray<SeenFailures> {
    return taken.map(({ events, firstAt, lastAt, schemaVersions, ...rest }) => ({
      ...rest,
      firstAgoMillis: Math.max(0, now - firstAt),
      lastAgoMillis: Math.max(0, now - lastAt),
      events: [...events],
      schemaVersions: [...schemaVersions],
      versions: this.#versions
    }))
  }
}
