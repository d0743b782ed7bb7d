/**
 * How many events and deliveries there are, by status, and what keeps deliveries waiting.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { StatusCount } from "../../stores/Delivery.ts"
import type { EventStatus } from "../../stores/OutboxStore.ts"
import type { ConsumerState } from "../../stores/SubscriptionStore.ts"
import type { StatisticSums } from "../../stores/statisticSums.ts"
import { type Engine, untraced } from "../engine.ts"
import { unserved } from "../maintenance/maintenance.ts"
import { flushMillis } from "../maintenance/statistics.ts"
import type { DeliveryState, Outstanding, PausedConsumer, Stats } from "../Stats.ts"

const noEvents: Record<EventStatus, number> = { pending: 0, processing: 0, processed: 0, failed: 0, dead_letter: 0 }

const noDeliveries: Record<DeliveryState, number> = {
  received: 0,
  processing: 0,
  retrying: 0,
  parked: 0,
  processed: 0,
  skipped: 0,
  failed: 0,
  dead_letter: 0
}

/** By consumer and state. What is `failed` is tried again if it is open. */
const statesOf = (counts: ReadonlyArray<StatusCount>) => {
  const deliveries: Record<string, Record<DeliveryState, number>> = {}
  for (const { consumer, count, open, parked, status } of counts) {
    deliveries[consumer] ??= { ...noDeliveries }
    const states = deliveries[consumer]
    states.parked += parked
    if (status !== "failed") states[status] = count - parked
    else {
      states.retrying = open - parked
      states.failed = count - open
    }
  }
  return deliveries
}

const outstandingOf = (consumers: ReadonlyArray<Record<DeliveryState, number>>): Outstanding =>
  consumers.reduce(
    (sum, { parked, processing, received, retrying }) => ({
      open: sum.open + received + processing,
      retrying: sum.retrying + retrying,
      parked: sum.parked + parked
    }),
    { open: 0, retrying: 0, parked: 0 }
  )

const pausedOf = (consumers: ReadonlyArray<ConsumerState>): ReadonlyArray<PausedConsumer> =>
  consumers.flatMap(({ consumer, pausedAt, pauseReason: reason }) =>
    pausedAt === null ? [] : [{ consumer, since: pausedAt, reason }]
  )

/** Events and deliveries up to which all are counted: a few hundredths of a second. */
const countable = 100_000

type Counts = Pick<Stats, "finished" | "events" | "deliveries">

/** Everything is counted. */
const countAll = Effect.fnUntraced(function* (engine: Engine): Effect.fn.Return<Counts, StoreError> {
  const events = { ...noEvents, ...(yield* engine.outbox.countByStatus) }
  const deliveries = statesOf(yield* engine.inbox.countByStatus)
  const asOf = new Date(yield* Clock.currentTimeMillis)
  return { finished: { isExact: true, since: null, asOf }, events, deliveries }
})

/** What is not finished is counted; the rest is what statistics say. */
const countUnfinished = Effect.fnUntraced(function* (
  engine: Engine,
  sums: StatisticSums
): Effect.fn.Return<Counts, StoreError> {
  yield* sums.write
  const asOf = new Date((yield* Clock.currentTimeMillis) - flushMillis)
  const { consumers, published, since } = yield* engine.statistics.finished
  const unfinished = yield* engine.statistics.unfinished
  const deliveries = statesOf(unfinished.deliveries)
  for (const { consumer, processed, skipped } of consumers) {
    deliveries[consumer] = { ...(deliveries[consumer] ?? noDeliveries), processed, skipped }
  }
  const events = { ...noEvents, ...unfinished.events }
  const others = Object.values(events).reduce((sum, count) => sum + count, 0)
  return {
    finished: { isExact: false, since, asOf },
    events: { ...events, processed: Math.max(0, published - others) },
    deliveries
  }
})

const countsOf = Effect.fnUntraced(function* (engine: Engine): Effect.fn.Return<Counts, StoreError> {
  const { sums } = engine
  if (sums === undefined || !(yield* untraced(engine.statistics.isLarge(countable)))) return yield* countAll(engine)
  return yield* countUnfinished(engine, sums)
})

export const makeStats = Effect.fnUntraced(function* (engine: Engine): Effect.fn.Return<Stats, StoreError> {
  const { deliveries, events, finished } = yield* countsOf(engine)
  return {
    finished,
    events,
    total: Object.values(events).reduce((sum, count) => sum + count, 0),
    outstanding: outstandingOf(Object.values(deliveries)),
    deliveries,
    paused: pausedOf(yield* engine.subscriptions.consumers),
    unserved: (yield* unserved(engine)).filter(({ open }) => open > 0),
    handlerCount: yield* engine.registry.handlerCount()
  }
})
