/**
 * The one poller of a process: one question for all its consumers, then wake-ups, sweeps, and the wait for the next.
 *
 * @internal
 */
import { Effect, Queue, type Scope } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { delayedOf, onDeadLetterOf, orderingOf } from "../../model/Consumer.ts"
import type { Values } from "../../settings/Settings.ts"
import { operationsWakeUp } from "../../stores/operationsWakeUp.ts"
import { firstOrderingKey, type PollRequest, type PollResult } from "../../stores/Poll.ts"
import type { SweepRequest } from "../../stores/SubscriptionStore.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { rulesFor } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import { settleExpired } from "../leased/settleExpired.ts"
import { announceOld } from "./announceOld.ts"
import { type Maintenance, unseenMillis } from "./maintenance.ts"
import { type Rest, rest, routeAll, routeWhenTold } from "./routing.ts"

export interface Poller {
  /** Polls soon, without waiting for the interval. */
  readonly nudge: Effect.Effect<void>
  /** Gives events that were inserted by other means their deliveries, all there are. Returns how many. */
  readonly routeAll: Effect.Effect<number, StoreError>
  /** Gives new subscriptions what was published around their registration, as far as it is committed. */
  readonly sweep: Effect.Effect<void, StoreError>
  /** Whether it goes on polling. */
  readonly isAlive: () => boolean
  /** When a poll was answered last, or it began: see `steadyMillis`. */
  readonly polledAt: () => number
}

const sweepSubscriptions = (engine: Engine, request: SweepRequest) =>
  Effect.flatMap(
    withStatementTimeout(engine, "subscriptions.sweep", engine.subscriptions.sweep(request)),
    ({ consumers }) => announceOld(engine, consumers)
  )

/** How long polls leave it at what is new, in milliseconds. */
const thoroughMillis = 10_000

/** What is parked although nothing blocks it: its predecessor was settled outside the order, or by hand. */
const unparkAll = Effect.fnUntraced(function* (engine: Engine, unparkable: PollResult["unparkable"]) {
  const consumers = new Map((yield* engine.registry.consumers).map((consumer) => [consumer.name, consumer]))
  for (const [name, consumer] of consumers) {
    const keys = unparkable.filter((_) => _.consumer === name).map((_) => _.key)
    const onDeadLetter = onDeadLetterOf(consumer)
    if (keys.length === 0 || onDeadLetter === undefined) continue
    const unparked = engine.inbox.unpark({ consumer: name, keys, onDeadLetter, delayed: delayedOf(consumer) })
    yield* withStatementTimeout(engine, "inbox.unpark", unparked)
    engine.passedOver.delete(name)
    yield* engine.notifier.wake([name])
  }
})

/** A busy leased consumer does not look for leases that ran out by itself, nor does one that is leased no more. */
const settleExpiredLeases = Effect.fnUntraced(function* (
  engine: Engine,
  expired: PollResult["expired"],
  settings: Values
) {
  for (const consumer of yield* engine.registry.consumers) {
    if (!expired.includes(consumer.name)) continue
    const settled = yield* settleExpired(engine, { consumer, rules: rulesFor(consumer, settings) })
    if (settled > 0) yield* announceOld(engine, [consumer.name])
  }
})

/** A process with another ordering has registered the consumer since: what is open gets its keys, or loses them, again. */
const reorder = Effect.fnUntraced(function* (engine: Engine, consumers: PollResult["reordered"]) {
  if (consumers.length === 0) return
  yield* withStatementTimeout(engine, "subscriptions.register", engine.registry.registerAgain(consumers))
  yield* announceOld(engine, consumers)
})

/** Says of each consumer that processes differ about its ordering, once for as long as they do. */
const makeLogDisputed = (engine: Engine) => {
  let before: PollResult["disputed"] = []
  return Effect.fnUntraced(function* (disputed: PollResult["disputed"]) {
    const consumers = (yield* engine.registry.consumers).filter(({ name }) => disputed.includes(name))
    for (const consumer of consumers) {
      if (before.includes(consumer.name)) continue
      const here = orderingOf(consumer)
      const there = here === "none" ? "aggregate" : "none"
      yield* Effect.logWarning(
        `Consumer "${consumer.name}" is served with ordering "${here}" here and with ordering "${there}" by another process. As long as both run, deliveries are kept in order only by those that ask for it.`
      )
    }
    before = disputed
  })
}

/** Notes what claims need not look at, unless its consumer handles more by now than the poll knew. */
const notePassedOver = (engine: Engine, { consumers }: PollRequest, { passedOver }: PollResult) => {
  for (const { consumer, dueSince } of passedOver) {
    const asked = consumers.find((_) => _.consumer === consumer)
    const { names, patterns, versions } = engine.registry.interestOf(consumer)
    const isSame =
      asked?.names.length === names.length &&
      asked.patterns.length === patterns.length &&
      JSON.stringify(asked.versions) === JSON.stringify(versions)
    if (isSame) engine.passedOver.set(consumer, dueSince)
  }
}

const isDue = ({ inMillis }: PollResult["due"][number]) => inMillis <= 0

/** Milliseconds to the next poll: soon while there is work, and never later than something is due. */
const interval = (result: PollResult, active: number, idle: number): number => {
  const isActive = result.due.some(isDue) || result.hasUnrouted || result.hasOpenSubscriptions
  const upcoming = result.due.filter((due) => !isDue(due)).map((due) => Math.ceil(due.inMillis))
  return Math.min(isActive ? active : idle, ...upcoming)
}

export const make = (engine: Engine, maintenance: Maintenance): Effect.Effect<Poller, never, Scope.Scope> =>
  Effect.gen(function* () {
    const nudges = yield* Queue.sliding<void>(1)
    const logDisputed = makeLogDisputed(engine)
    let parkedAfter = firstOrderingKey
    let thoroughAt = Number.NEGATIVE_INFINITY
    let polledAt = yield* engine.now
    const ask = Effect.gen(function* () {
      const consumers = yield* engine.registry.consumers
      const { capacity, available } = engine.permits
      const request = {
        consumers: consumers.map((consumer) => ({
          consumer: consumer.name,
          ...engine.registry.interestOf(consumer.name),
          onDeadLetter: onDeadLetterOf(consumer),
          delayed: delayedOf(consumer)
        })),
        parkedAfter,
        replica: {
          id: engine.replicas.id,
          silentMillis: unseenMillis(yield* engine.settings.current),
          isListening: yield* engine.broadcast.isListening,
          batches: capacity - (yield* available)
        }
      }
      // Until it answers, and if it fails, claims look at all there is.
      engine.passedOver.clear()
      const result = yield* withStatementTimeout(engine, "inbox.poll", engine.inbox.poll(request))
      notePassedOver(engine, request, result)
      return result
    })
    const poll: Effect.Effect<Rest, StoreError> = Effect.gen(function* () {
      const result = yield* ask
      engine.telemetry.meters.polls.count++
      polledAt = yield* engine.now
      const settings = yield* engine.settings.apply(result.settings)
      const woken = result.due.filter(isDue).map((due) => due.consumer)
      engine.telemetry.meters.wakeups.poll.count += woken.length
      yield* engine.notifier.wake(woken)
      if (result.hasUnrouted) yield* routeAll(engine)
      if (result.hasOpenSubscriptions) {
        const now = yield* engine.now
        const isThorough = now - thoroughAt >= thoroughMillis
        if (isThorough) thoroughAt = now
        yield* sweepSubscriptions(engine, { isThorough })
      }
      yield* maintenance.follow(settings)
      if (result.hasOpenBackfills) yield* maintenance.backfillSoon
      if (result.hasOpenOperations) yield* engine.notifier.wake([operationsWakeUp])
      yield* unparkAll(engine, result.unparkable)
      parkedAfter = result.nextParkedAfter
      yield* settleExpiredLeases(engine, result.expired, settings)
      yield* reorder(engine, result.reordered)
      yield* logDisputed(result.disputed)
      yield* engine.broadcast.setPeers(result.hasPeers)
      if (result.hasSilentPeers) {
        const reap = engine.replicas.reap(unseenMillis(settings))
        const dead = yield* withStatementTimeout(engine, "replicas.reap", reap)
        engine.telemetry.meters.deaths.count += dead
      }
      if (result.recovered.length > 0)
        yield* withStatementTimeout(engine, "replicas.endRecovery", engine.replicas.endRecovery(result.recovered))
      return {
        millis: interval(result, settings.pollingIntervalMs, settings.idlePollingIntervalMs),
        lookMillis: settings.pollingIntervalMs,
        announcesInserts: result.announcesInserts
      }
    })
    yield* routeWhenTold(engine)
    const fiber = yield* engine.incident
      .survive(untraced(poll))
      .pipe(
        Effect.flatMap(rest(engine, Queue.take(nudges))),
        Effect.forever,
        Effect.annotateLogs({ fiber: "poller" }),
        Effect.forkScoped
      )
    return {
      nudge: Effect.asVoid(Queue.offer(nudges, undefined)),
      routeAll: routeAll(engine),
      sweep: sweepSubscriptions(engine, { isThorough: true }),
      isAlive: () => fiber.pollUnsafe() === undefined,
      polledAt: () => polledAt
    }
  })
