/**
 * What this process counts about its events, by what it is about. Nothing is looked up by more than names on the way, and nothing
 * waits: figures are read when somebody asks for them.
 *
 * @internal
 */
import { Context, Metric } from "effect"
import { type Counter, counter, type Histogram, histogram } from "./cells.ts"
import { type MetricDefinition, metricTable } from "./metricTable.ts"

/** How an attempt ended, as metrics have it. */
export const outcomes = ["processed", "retried", "skipped", "snoozed", "failed", "dead_letter"] as const

export type MetricOutcome = (typeof outcomes)[number]

/** Why a transaction of a consumer was rolled back. */
export type RollbackReason = "handler" | "contention" | "connection" | "snoozed" | "lease"

/** Who wakes consumers. */
export type WakeupSource = "local" | "notify" | "poll"

/** Names that are counted by themselves; what handlers of patterns are given beyond that is "other". */
const maxNames = 1000

/** Kinds of errors that are counted by themselves, of one name: a handler may make up new ones for ever. */
const maxErrorTypes = 50

/** Longest kind of error that is kept, in characters. */
const longestErrorType = 100

/** What `make` makes of names, once for each. */
const byName = <Value>(make: (name: string) => Value, maxNames: number) => {
  const known = new Map<string, Value>()
  // Neighbours are mostly of one name.
  let lastName: string | undefined
  let last: Value | undefined
  const find = (name: string): Value => {
    const found = known.get(name)
    if (found !== undefined) return found
    const key = known.size < maxNames ? name : "other"
    const made = known.get(key) ?? make(key)
    known.set(key, made)
    return made
  }
  return (name: string): Value => {
    if (name !== lastName || last === undefined) {
      last = find(name)
      lastName = name
    }
    return last
  }
}

/** What `make` makes of kinds of errors. */
const byErrorType = <Value>(make: (errorType: string) => Value) => {
  const find = byName(make, maxErrorTypes)
  return (errorType: string) => find(errorType.slice(0, longestErrorType))
}

/** What is counted of one event name. */
export interface DestinationMeters {
  readonly sent: Counter
  readonly unheard: Counter
  /** Those that could not be published. */
  readonly refused: (errorType: string) => Counter
}

/** What is counted of one event name at one consumer. */
export interface EventMeters {
  readonly consumed: Counter
  readonly duration: Histogram
  /** Durations of those that failed. */
  readonly failed: (errorType: string) => Histogram
  readonly settled: Readonly<Record<MetricOutcome, Counter>>
}

/** What is counted of one consumer. */
export interface ConsumerMeters {
  readonly lag: Histogram
  readonly age: Histogram
  readonly batchSize: Histogram
  readonly event: (name: string) => EventMeters
  readonly rollbacks: (reason: RollbackReason) => Counter
}

/** What is timed of operations on the store. */
export interface OperationMeters {
  readonly duration: Histogram
  readonly failed: (errorType: string) => Histogram
}

export interface Meters {
  readonly destination: (name: string) => DestinationMeters
  readonly consumer: (name: string) => ConsumerMeters
  readonly publish: OperationMeters
  readonly claim: OperationMeters
  readonly settle: OperationMeters
  readonly permitWait: Histogram
  readonly wakeups: Readonly<Record<WakeupSource, Counter>>
  readonly polls: Counter
  readonly malformed: Counter
  readonly deaths: Counter
  readonly removed: Counter
}

const make = (context: Context.Context<never>): Meters => {
  const counted = (definition: MetricDefinition, ...values: ReadonlyArray<string | undefined>) =>
    counter(context, definition, values)
  const timed = (definition: MetricDefinition, ...values: ReadonlyArray<string | undefined>) =>
    histogram(context, definition, values)
  const table = metricTable
  const operation = (name: string): OperationMeters => ({
    duration: timed(table.operationDuration, name),
    failed: byErrorType((errorType) => timed(table.operationDuration, name, errorType))
  })
  const event =
    (consumer: string) =>
    (name: string): EventMeters => ({
      consumed: counted(table.consumed, name, consumer),
      duration: timed(table.processDuration, name, consumer),
      failed: byErrorType((errorType) => timed(table.processDuration, name, consumer, errorType)),
      // All at once: what comes up for the first time has not increased.
      settled: Object.fromEntries(
        outcomes.map((outcome) => [outcome, counted(table.settled, consumer, name, outcome)])
      ) as Record<MetricOutcome, Counter>
    })
  return {
    destination: byName(
      (name) => ({
        sent: counted(table.sent, name),
        unheard: counted(table.unheard, name),
        refused: byErrorType((errorType) => counted(table.sent, name, errorType))
      }),
      maxNames
    ),
    consumer: byName(
      (name) => ({
        lag: timed(table.lag, name),
        age: timed(table.age, name),
        batchSize: timed(table.batchSize, name),
        event: byName(event(name), maxNames),
        rollbacks: byName((reason) => counted(table.rollbacks, name, reason), maxNames)
      }),
      maxNames
    ),
    publish: operation("publish"),
    claim: operation("claim"),
    settle: operation("settle"),
    permitWait: timed(table.permitWait),
    wakeups: {
      local: counted(table.wakeups, "local"),
      notify: counted(table.wakeups, "notify"),
      poll: counted(table.wakeups, "poll")
    },
    polls: counted(table.polls),
    malformed: counted(table.malformed),
    deaths: counted(table.deaths),
    removed: counted(table.removed)
  }
}

/** By registry: what several integrations of a process count is added up. */
const known = new WeakMap<object, Meters>()

/** The meters whose figures are in the registry of a context: effect's own, unless somebody provides another. */
export const metersIn = (context: Context.Context<never>): Meters => {
  const registry = Context.get(context, Metric.MetricRegistry)
  const found = known.get(registry)
  if (found !== undefined) return found
  const made = make(context)
  known.set(registry, made)
  return made
}
