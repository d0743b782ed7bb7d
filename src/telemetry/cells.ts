/**
 * Counters and histograms as plain numbers: adding to one costs nanoseconds, as nothing is looked up. The only file that knows how
 * effect's registry is fed from outside, which is not stable yet.
 *
 * @internal
 */
import { Context, Metric } from "effect"
import type { MetricDefinition } from "./metricTable.ts"

export class Counter {
  count = 0
}

export class Histogram {
  readonly #bounds: ReadonlyArray<number>
  readonly #counts: Array<number>
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY

  constructor(bounds: ReadonlyArray<number>) {
    this.#bounds = bounds
    this.#counts = bounds.map(() => 0)
  }

  /** Adds a value. What a clock that was set back gives counts as none at all. */
  record(value: number): void {
    const counted = Math.max(0, value)
    const bounds = this.#bounds
    let index = 0
    while (index < bounds.length && counted > (bounds[index] as number)) index++
    // Beyond the last bound it is in the whole only.
    if (index < bounds.length) this.#counts[index] = (this.#counts[index] as number) + 1
    this.#count++
    this.#sum += counted
    if (counted < this.#min) this.#min = counted
    if (counted > this.#max) this.#max = counted
  }

  /** As effect has it: buckets count what is in those before, too. */
  get state(): Metric.HistogramState {
    let below = 0
    const buckets = this.#bounds.map((bound, index): [number, number] => {
      below += this.#counts[index] as number
      return [bound, below]
    })
    const isEmpty = this.#count === 0
    return {
      buckets,
      count: this.#count,
      sum: this.#sum,
      min: isEmpty ? 0 : this.#min,
      max: isEmpty ? 0 : this.#max
    }
  }
}

const ignore = () => {}

const optionsOf = ({ description, labels, unit }: MetricDefinition, values: ReadonlyArray<string | undefined>) => {
  const given = labels.flatMap((name, index) => {
    const value = values[index]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { description, attributes: { unit, ...Object.fromEntries(given) } }
}

/**
 * Registers a counter.
 *
 * @param values - of the labels; one that is `undefined` is left out
 */
export const counter = (
  context: Context.Context<never>,
  definition: MetricDefinition,
  values: ReadonlyArray<string | undefined>
): Counter => {
  const cell = new Counter()
  const metric = Metric.counter(definition.name, { ...optionsOf(definition, values), incremental: true })
  const get = () => ({ count: cell.count, incremental: true })
  Metric.registerUnsafe(metric, context, { get, update: ignore, modify: ignore })
  return cell
}

/** Registers a histogram. */
export const histogram = (
  context: Context.Context<never>,
  definition: MetricDefinition,
  values: ReadonlyArray<string | undefined>
): Histogram => {
  const boundaries = definition.bounds ?? []
  const cell = new Histogram(boundaries)
  const metric = Metric.histogram(definition.name, { ...optionsOf(definition, values), boundaries })
  Metric.registerUnsafe(metric, context, { get: () => cell.state, update: ignore, modify: ignore })
  return cell
}

/** Takes a gauge out of the registry it is in. */
export type Registration = Metric.Registration

/** What several integrations of a process tell by the same name and labels. */
interface Shared {
  readonly values: Set<() => number>
  readonly registration: Registration
}

const shared = new WeakMap<object, Map<string, Shared>>()

/**
 * Registers a gauge. Several of the same name and labels are one: the greatest of them, unless its definition says `least`.
 *
 * @param value - asked whenever somebody reads it
 */
export const gauge = (
  context: Context.Context<never>,
  definition: MetricDefinition,
  labels: ReadonlyArray<string | undefined>,
  value: () => number
): Registration => {
  const registry = Context.get(context, Metric.MetricRegistry)
  const known = shared.get(registry) ?? new Map<string, Shared>()
  shared.set(registry, known)
  const key = JSON.stringify([definition.name, ...labels, Context.get(context, Metric.CurrentMetricAttributes)])
  const before = known.get(key)
  const values = before?.values ?? new Set()
  values.add(value)
  if (before === undefined) {
    const choose = definition.ofSeveral === "least" ? Math.min : Math.max
    const get = () => ({ value: choose(...[...values].map((each) => each())) })
    const metric = Metric.gauge(definition.name, optionsOf(definition, labels))
    const registration = Metric.registerUnsafe(metric, context, { get, update: ignore, modify: ignore })
    known.set(key, { values, registration })
  }
  return {
    remove: () => {
      values.delete(value)
      if (values.size > 0 || known.get(key)?.values !== values) return
      known.get(key)?.registration.remove()
      known.delete(key)
    }
  }
}
