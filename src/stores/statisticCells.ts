/**
 * Counters of one consumer and one version of an event, of the current minute. There is no end to names, so they are bounded.
 *
 * @internal
 */
import { type DistributionSums, distributionBounds, type OutcomeCounts, type StatisticRow } from "./StatisticStore.ts"

/** What may become of a delivery. */
export type Outcome = keyof OutcomeCounts

/** Names of events that are counted by themselves, of one consumer; what comes beyond that is "other". */
const maxNames = 1000

/** Cells in all. */
const maxCells = 10_000

const none: DistributionSums = { counts: [], sum: 0 }

class Distribution {
  #counts: Array<number> = []
  #sum = 0

  /** Adds a time. What a clock that was set back gives counts as none at all. */
  record(seconds: number): void {
    const counted = seconds > 0 ? seconds : 0
    if (this.#counts.length === 0) this.#counts = new Array(distributionBounds.length + 1).fill(0)
    let index = 0
    while (index < distributionBounds.length && counted > (distributionBounds[index] as number)) index++
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.#sum += counted
  }

  take(): DistributionSums {
    if (this.#counts.length === 0) return none
    const taken = { counts: this.#counts, sum: this.#sum }
    this.#counts = []
    this.#sum = 0
    return taken
  }
}

export class StatisticCell {
  readonly #consumer: string
  readonly #eventName: string
  readonly #schemaVersion: number
  isTouched = false
  published = 0
  processed = 0
  retried = 0
  skipped = 0
  gaveUp = 0
  readonly duration = new Distribution()
  readonly lag = new Distribution()

  constructor(consumer: string, eventName: string, schemaVersion: number) {
    this.#consumer = consumer
    this.#eventName = eventName
    this.#schemaVersion = schemaVersion
  }

  /** Takes out what it has, as that of a minute. */
  take(at: Date, lastAt: Date): StatisticRow {
    const { gaveUp, processed, published, retried, skipped } = this
    this.isTouched = false
    this.published = this.processed = this.retried = this.skipped = this.gaveUp = 0
    return {
      at,
      consumer: this.#consumer,
      eventName: this.#eventName,
      schemaVersion: this.#schemaVersion,
      published,
      processed,
      retried,
      skipped,
      gaveUp,
      duration: this.duration.take(),
      lag: this.lag.take(),
      lastAt
    }
  }
}

type Find = (eventName: string, schemaVersion: number) => StatisticCell

export class Cells {
  readonly #finds = new Map<string, Find>()
  #count = 0

  get hasRoom(): boolean {
    return this.#count < maxCells
  }

  of(consumer: string, eventName: string, schemaVersion: number): StatisticCell {
    return this.ofConsumer(consumer)(eventName, schemaVersion)
  }

  /** What finds the cells of a consumer; beyond all bounds those of one that is called "other". */
  ofConsumer(consumer: string): Find {
    const known = this.#finds.get(consumer)
    if (known !== undefined) return known
    const name = this.hasRoom || consumer === "" ? consumer : "other"
    const find = this.#finds.get(name) ?? this.#make(name)
    this.#finds.set(name, find)
    return find
  }

  #make(consumer: string): Find {
    const known = new Map<string, StatisticCell>()
    const make = (key: string, eventName: string, schemaVersion: number) => {
      this.#count++
      const cell = new StatisticCell(consumer, eventName, schemaVersion)
      known.set(key, cell)
      return cell
    }
    const find: Find = (eventName, schemaVersion) => {
      const key = `${schemaVersion}/${eventName}`
      const found = known.get(key)
      if (found !== undefined) return found
      if (known.size < maxNames && this.hasRoom) return make(key, eventName, schemaVersion)
      return known.get("0/other") ?? make("0/other", "other", 0)
    }
    // Neighbours are mostly of one name.
    let lastName: string | undefined
    let lastVersion: number | undefined
    let last: StatisticCell | undefined
    return (eventName, schemaVersion) => {
      if (last === undefined || eventName !== lastName || schemaVersion !== lastVersion) {
        last = find(eventName, schemaVersion)
        lastName = eventName
        lastVersion = schemaVersion
      }
      return last
    }
  }
}
