/**
 * Statistics of one integration that are not written yet: adding to them is an array increment, and nothing waits.
 *
 * @internal
 */
import { type Clock, Context, Effect } from "effect"
import type { StatisticRow } from "./StatisticStore.ts"
import { Cells, type Outcome, type StatisticCell } from "./statisticCells.ts"

/** Rows that wait to be written when that fails; the oldest are given up for newer ones. */
const maxWaiting = 20_000

const minuteMillis = 60_000

/** What an event is counted by. */
interface Counted {
  readonly eventName: string
  readonly schemaVersion: number
}

/** What is counted of one consumer. */
export interface ConsumerSums {
  /** A handler of a delivery starts, so long after it was due. */
  readonly began: (event: Counted, lagSeconds: number) => void
  /** A handler has run, for one event or several: by the first. */
  readonly ran: (event: Counted, seconds: number) => void
  /** It was committed what became of a delivery. */
  readonly settled: (event: Counted, outcome: Outcome) => void
}

/** What is one row: sums of the same key are added up. */
export const keyOf = ({ at, consumer, eventName, schemaVersion }: StatisticRow): string =>
  JSON.stringify([at.getTime(), consumer, eventName, schemaVersion])

const addCounts = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  a.length === 0 ? b : b.length === 0 ? a : a.map((count, index) => count + (b[index] ?? 0))

/** Sums of the same minute, or hour, of the same key. */
export const sumOf = (a: StatisticRow, b: StatisticRow): StatisticRow => ({
  ...a,
  published: a.published + b.published,
  processed: a.processed + b.processed,
  retried: a.retried + b.retried,
  skipped: a.skipped + b.skipped,
  gaveUp: a.gaveUp + b.gaveUp,
  duration: { counts: addCounts(a.duration.counts, b.duration.counts), sum: a.duration.sum + b.duration.sum },
  lag: { counts: addCounts(a.lag.counts, b.lag.counts), sum: a.lag.sum + b.lag.sum },
  lastAt: a.lastAt > b.lastAt ? a.lastAt : b.lastAt
})

export class StatisticSums {
  readonly #clock: Clock.Clock
  readonly #cells = new Cells()
  readonly #consumers = new Map<string, ConsumerSums>()
  /** Cells of the current minute that are not zero. */
  #touched: Array<StatisticCell> = []
  /** Sums of minutes that are over, or could not be written. */
  #waiting = new Map<string, StatisticRow>()
  /** The last time that is known, and when its minute is over. */
  #now = 0
  #minuteEnd = 0
  /** Called when there is something to write, after there was nothing. */
  whenTouched: () => void = () => {}
  /** Writes what there is, as far as that can be done. */
  write: Effect.Effect<void> = Effect.void

  constructor(clock: Clock.Clock) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#touched.length === 0 && this.#waiting.size === 0
  }

  /** Says what time it is: what is counted from here on may belong to another minute. */
  turn(now: number): void {
    if (now >= this.#minuteEnd || now < this.#minuteEnd - minuteMillis) this.#roll(now)
    this.#now = now
  }

  /** Events that were stored. */
  published(events: ReadonlyArray<{ readonly name: string; readonly schemaVersion: number }>): void {
    this.turn(this.#clock.currentTimeMillisUnsafe())
    for (const { name, schemaVersion } of events) this.#touch(this.#cells.of("", name, schemaVersion)).published++
  }

  /** What is counted of a consumer. */
  consumer(name: string): ConsumerSums {
    const known = this.#consumers.get(name)
    if (known !== undefined) return known
    const find = this.#cells.ofConsumer(name)
    const sums: ConsumerSums = {
      began: ({ eventName, schemaVersion }, seconds) => this.#touch(find(eventName, schemaVersion)).lag.record(seconds),
      ran: ({ eventName, schemaVersion }, seconds) =>
        this.#touch(find(eventName, schemaVersion)).duration.record(seconds),
      settled: ({ eventName, schemaVersion }, outcome) => {
        this.#touch(find(eventName, schemaVersion))[outcome]++
      }
    }
    if (this.#cells.hasRoom) this.#consumers.set(name, sums)
    return sums
  }

  /** Takes out all there is. */
  take(): ReadonlyArray<StatisticRow> {
    this.#roll(this.#clock.currentTimeMillisUnsafe())
    const rows = [...this.#waiting.values()]
    this.#waiting = new Map()
    return rows
  }

  /** Keeps what could not be written for the next time. Returns how many rows there was no room for. */
  putBack(rows: ReadonlyArray<StatisticRow>): number {
    const newer = this.#waiting.values()
    this.#waiting = new Map(rows.map((row) => [keyOf(row), row]))
    for (const row of newer) this.#wait(row)
    const lost = Math.max(0, this.#waiting.size - maxWaiting)
    for (const key of [...this.#waiting.keys()].slice(0, lost)) this.#waiting.delete(key)
    return lost
  }

  #touch(cell: StatisticCell): StatisticCell {
    if (cell.isTouched) return cell
    cell.isTouched = true
    // Nobody may have said for long what time it is.
    if (this.#touched.length === 0) this.turn(this.#clock.currentTimeMillisUnsafe())
    const isFirst = this.isEmpty
    this.#touched.push(cell)
    if (isFirst) this.whenTouched()
    return cell
  }

  #wait(row: StatisticRow): void {
    const key = keyOf(row)
    const before = this.#waiting.get(key)
    this.#waiting.set(key, before === undefined ? row : sumOf(before, row))
  }

  /** Sets aside the sums of the minute so far. */
  #roll(now: number): void {
    const at = new Date(this.#minuteEnd - minuteMillis)
    const lastAt = new Date(this.#now)
    for (const cell of this.#touched) this.#wait(cell.take(at, lastAt))
    this.#touched = []
    this.#minuteEnd = (Math.floor(now / minuteMillis) + 1) * minuteMillis
  }
}

/** Those of the integration; undefined: nothing is counted. */
export const CurrentSums: Context.Reference<StatisticSums | undefined> = Context.Reference<StatisticSums | undefined>(
  "effect-integration/StatisticSums",
  { defaultValue: () => undefined }
)
