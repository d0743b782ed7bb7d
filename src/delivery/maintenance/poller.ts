/**
 * The one poller of a process: a question for all its consumers, then wake-ups, sweeps, and the wait for the next.
 *
 * @internal
 */
import { Effect, Queue, type Scope } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { orderOf } from "../../model/Consumer.ts"
import type { Values } from "../../settings/Settings.ts"
import { firstOrderingKey, type PollResult } from "../../stores/Poll.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { rulesFor } from "../consumerRules.ts"
import { type Engine, untraced } from "../engine.ts"
import { expire } from "../leased/expiry.ts"
import { type Maintenance, unseenMillis } from "./maintenance.ts"

export interface Poller {
  /** Polls soon, without waiting for the interval. */
  readonly nudge: Effect.Effect<void>
  /** Gives events that were inserted by other means their deliveries, all there are. Returns how many. */
  readonly routeAll: Effect.Effect<number, StoreError>
}

/** Events routed, or looked at for a roll-up, in one statement. */
const window = 1000

const routeAll = (engine: Engine) =>
  Effect.gen(function* () {
    let total = 0
    for (let routed = window; routed === window; ) {
      const result = yield* withStatementTimeout(engine, "outbox.route", engine.outbox.route(window))
      yield* engine.notifier.announce(result.consumers)
      routed = result.routed
      total += routed
    }
    return total
  })

const sweepSubscriptions = (engine: Engine) =>
  Effect.flatMap(withStatementTimeout(engine, "subscriptions.sweep", engine.subscriptions.sweep), ({ consumers }) =>
    engine.notifier.announce(consumers)
  )

/** What is parked although nothing blocks it: its predecessor was settled outside the order, or by hand. */
const unparkAll = Effect.fnUntraced(function* (engine: Engine, releasable: PollResult["unparkable"]) {
  const consumers = new Map((yield* engine.registry.consumers).map((consumer) => [consumer.name, consumer]))
  for (const [name, consumer] of consumers) {
    const keys = releasable.filter((_) => _.consumer === name).map((_) => _.key)
    const onDeadLetter = orderOf(consumer)
    if (keys.length === 0 || onDeadLetter === undefined) continue
    yield* withStatementTimeout(engine, "inbox.unpark", engine.inbox.unpark({ consumer: name, keys, onDeadLetter }))
    yield* engine.notifier.wake([name])
  }
})

/** A busy leased consumer does not look for leases that ran out by itself, nor does one that is leased no more. */
const expireAll = Effect.fnUntraced(function* (engine: Engine, expired: PollResult["expired"], settings: Values) {
  for (const consumer of yield* engine.registry.consumers) {
    if (!expired.includes(consumer.name)) continue
    yield* expire(engine, { consumer, rules: rulesFor(consumer, settings) })
    yield* engine.notifier.announce([consumer.name])
  }
})

const isDue = ({ inMillis }: PollResult["due"][number]) => inMillis <= 0

/** Milliseconds to the next poll: soon while there is work, and never later than something is due. */
const interval = (answer: PollResult, active: number, idle: number): number => {
  const isActive = answer.due.some(isDue) || answer.hasUnrouted || answer.hasOpenSubscriptions || answer.hasUnrolled
  const upcoming = answer.due.filter((due) => !isDue(due)).map((due) => Math.ceil(due.inMillis))
  return Math.min(isActive ? active : idle, ...upcoming)
}

export const make = (engine: Engine, maintenance: Maintenance): Effect.Effect<Poller, never, Scope.Scope> =>
  Effect.gen(function* () {
    const nudges = yield* Queue.sliding<void>(1)
    let rollUpPosition = 0n
    let parkedAfter = firstOrderingKey
    const ask = Effect.gen(function* () {
      const consumers = yield* engine.registry.consumers
      const question = {
        consumers: consumers.map((consumer) => ({
          consumer: consumer.name,
          ...engine.registry.interestOf(consumer.name),
          onDeadLetter: orderOf(consumer)
        })),
        rollUpPosition,
        rollUpLimit: window,
        parkedAfter,
        replica: { id: engine.replicas.id, silentMillis: unseenMillis(yield* engine.settings.current) }
      }
      return yield* withStatementTimeout(engine, "inbox.poll", engine.inbox.poll(question))
    })
    const poll = Effect.gen(function* () {
      const answer = yield* ask
      const settings = yield* engine.settings.apply(answer.settings)
      yield* engine.notifier.wake(answer.due.filter(isDue).map((due) => due.consumer))
      if (answer.hasUnrouted) yield* routeAll(engine)
      if (answer.hasOpenSubscriptions) yield* sweepSubscriptions(engine)
      yield* maintenance.follow(settings)
      if (answer.hasOpenBackfills) yield* maintenance.backfillSoon
      if (answer.hasUnrolled) {
        yield* withStatementTimeout(engine, "outbox.rollUpFrom", engine.outbox.rollUpFrom(rollUpPosition, window))
      }
      rollUpPosition = answer.nextRollUpPosition
      yield* unparkAll(engine, answer.unparkable)
      parkedAfter = answer.nextParkedAfter
      yield* expireAll(engine, answer.expired, settings)
      yield* engine.broadcast.setPeers(answer.hasPeers)
      if (answer.hasSilentPeers) {
        yield* withStatementTimeout(engine, "replicas.reap", engine.replicas.reap(unseenMillis(settings)))
      }
      if (answer.recovered.length > 0)
        yield* withStatementTimeout(engine, "replicas.endRecovery", engine.replicas.endRecovery(answer.recovered))
      return interval(answer, settings.pollingIntervalMs, settings.idlePollingIntervalMs)
    })
    yield* engine.incident.survive(untraced(poll)).pipe(
      Effect.flatMap((millis) => Effect.timeoutOption(Queue.take(nudges), millis)),
      Effect.forever,
      Effect.annotateLogs({ fiber: "poller" }),
      Effect.forkScoped
    )
    return { nudge: Effect.asVoid(Queue.offer(nudges, undefined)), routeAll: routeAll(engine) }
  })
