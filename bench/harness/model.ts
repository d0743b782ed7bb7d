/** What a benchmark is made of: sides that do the same work, each measured in a process of its own. */

/** Who does the work: this library, bare SQL written for it, or something a user would pick instead. */
export type Role = "here" | "floor" | "peer"

/** One measurement: what a side is given, and what it tells. */
export interface Run {
  /** A database of its own, empty. */
  readonly url: string
  /** How much work: events, or repetitions. */
  readonly size: number
  /** Times `work`, and counts what it takes. */
  readonly timed: (work: () => Promise<unknown>) => Promise<Timed>
}

export interface Timed {
  readonly seconds: number
  readonly usage: Usage
}

export interface Usage {
  /** CPU seconds of this process. */
  readonly client: number
  /** CPU seconds of the database server; none where it cannot be seen. */
  readonly server: number | undefined
  /** Bytes of the server's log (WAL). */
  readonly log: number
  /** Bytes that the run has left in its database by then. */
  readonly kept: number
}

/** What a side measured; `events` is what CPU seconds are divided by. */
export interface Measured {
  readonly figures: Readonly<Record<string, number>>
  readonly usage?: Usage
  readonly events?: number
}

export interface Side {
  readonly name: string
  readonly role: Role
  readonly measure: (run: Run) => Promise<Measured>
  /** Work for a side that is too slow for the common size. */
  readonly size?: number
}

export interface Bench {
  readonly title: string
  /** Whether small figures are good ones. */
  readonly lessIsBetter?: boolean
  /** Work in the short form of all benchmarks, and when one is asked for by name. */
  readonly size: { readonly short: number; readonly long: number }
  /** Rounds, where they are not the usual number. */
  readonly rounds?: number
  /** Sides that use no CPU to speak of are measured side by side in time too. */
  readonly isConcurrent?: boolean
  /** What ratios are taken to, if not a floor: the name of a side of ours. */
  readonly relativeTo?: string
  readonly sides: ReadonlyArray<Side>
}

/** Figures of work that took some time. */
export const throughput = (events: number, { seconds, usage }: Timed): Measured => ({
  figures: { "events/s": events / seconds },
  usage,
  events
})

export const percentile = (values: ReadonlyArray<number>, share: number) => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: ReadonlyArray<number>) => percentile(values, 0.5)

/** Figures of single waits, in milliseconds. */
export const latency = (millis: ReadonlyArray<number>): Measured => ({
  figures: { "ms p50": percentile(millis, 0.5), "ms p99": percentile(millis, 0.99) }
})
