/**
 * What a process does for all of them, off the path of deliveries: giving events to late consumers, removing what was
 * settled long ago, and saying what nobody serves.
 *
 * @internal
 */
import { Effect, Queue, type Scope } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Values } from "../../settings/Settings.ts"
import type { Unserved } from "../../stores/SubscriptionStore.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"
import { announceOld } from "./announceOld.ts"
import { makeForgetRecords } from "./forgetRecords.ts"

export interface Maintenance {
  /** Late consumers are to be given events. */
  readonly backfillSoon: Effect.Effect<void>
  /** Takes note of the settings in force. */
  readonly follow: (settings: Values) => Effect.Effect<void>
  /** Gives late consumers all they are to be given; what others are giving is waited for. */
  readonly backfillAll: Effect.Effect<void, StoreError>
  /** Removes all that the settings say. Returns how many events. */
  readonly removeExpired: Effect.Effect<number, StoreError>
}

/** Events that one statement looks at, and one transaction removes. */
const window = 500

/** Others get their turn between two windows. */
const breath = "20 millis"

/** How often what is kept too long is looked for. */
const retentionInterval = "10 minutes"

/** How often it is said what nobody serves. */
const reportInterval = "5 minutes"

const unlessZero = (hours: number) => (hours === 0 ? undefined : hours)

const agesOf = ({ auditRetentionHours, deadLetterRetentionHours, receivedRetentionHours, retentionHours }: Values) => ({
  hours: unlessZero(retentionHours),
  deadLetterHours: unlessZero(deadLetterRetentionHours),
  receivedHours: unlessZero(receivedRetentionHours),
  auditHours: unlessZero(auditRetentionHours)
})

/** Forgets which messages of other services were received long ago. */
const forgetReceived = (engine: Engine, hours: number): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    for (;;) {
      const removal = engine.outbox.forgetReceived(hours, window)
      const forgotten = yield* withStatementTimeout(engine, "outbox.forgetReceived", untraced(removal))
      if (forgotten < window) return
      yield* Effect.sleep(breath)
    }
  })

const removeSettled = (engine: Engine) =>
  Effect.gen(function* () {
    const { auditHours: _, receivedHours: __, ...ages } = agesOf(yield* engine.settings.current)
    if (ages.hours === undefined && ages.deadLetterHours === undefined) return 0
    let total = 0
    let after: string | undefined
    for (;;) {
      const removal = engine.outbox.removeSettled({ ...ages, after, limit: window })
      const { next, removed } = yield* withStatementTimeout(engine, "outbox.removeSettled", untraced(removal))
      total += removed
      engine.telemetry.meters.removed.count += removed
      if (next === undefined) return total
      after = next
      yield* Effect.sleep(breath)
    }
  })

const removeExpired = (engine: Engine) =>
  Effect.tap(removeSettled(engine), () =>
    Effect.flatMap(engine.settings.current, (settings) => {
      const { receivedHours } = agesOf(settings)
      return receivedHours === undefined ? Effect.void : forgetReceived(engine, receivedHours)
    })
  )

/** Gives late consumers some of what they are to be given. Returns whether anybody has more to give, and we some of it. */
const backfillSome = Effect.fnUntraced(function* (
  engine: Engine
): Effect.fn.Return<{ readonly isOpen: boolean; readonly isOurs: boolean }, StoreError> {
  const { consumers, isOpen } = yield* withStatementTimeout(
    engine,
    "subscriptions.backfill",
    untraced(engine.subscriptions.backfill)
  )
  yield* announceOld(engine, consumers)
  return { isOpen, isOurs: consumers.length > 0 }
})

/** Until nothing is left, or somebody else is at the rest: the next poll asks again. */
const backfill = (engine: Engine) =>
  Effect.gen(function* () {
    for (;;) {
      const { isOpen, isOurs } = yield* backfillSome(engine)
      if (!isOpen || !isOurs) return
    }
  })

/** Until nothing is left, whoever gives it. */
const backfillAll = (engine: Engine): Effect.Effect<void, StoreError> =>
  Effect.gen(function* () {
    for (;;) {
      const { isOpen, isOurs } = yield* backfillSome(engine)
      if (!isOpen) return
      if (!isOurs) yield* Effect.sleep(breath)
    }
  })

/** Removes what is to be removed now and then, and at once when the settings change. */
const retain = (engine: Engine, changed: Queue.Queue<void>, forgetRecords: Effect.Effect<void, StoreError>) =>
  Effect.gen(function* () {
    for (;;) {
      const removed = yield* engine.incident.survive(removeExpired(engine))
      if (removed > 0) yield* Effect.logInfo(`Removed ${removed} events that were settled long ago`)
      yield* engine.incident.survive(forgetRecords)
      const isOff = Object.values(agesOf(yield* engine.settings.current)).every((hours) => hours === undefined)
      yield* isOff ? Queue.take(changed) : Effect.timeoutOption(Queue.take(changed), retentionInterval)
    }
  })

const keyOf = ({ consumer, event, version }: Unserved) => JSON.stringify([consumer, event, version])

const textOf = ({ consumer, event, lastSeenAt, open, version }: Unserved) =>
  version === undefined
    ? `${open} deliveries wait for consumer "${consumer}" to handle "${event}", and no process serves it (the consumer was last seen at ${lastSeenAt.toISOString()}). They are kept. Start a process that does, or end the subscription with Processor.retire.`
    : `${open} deliveries wait for consumer "${consumer}" to handle version ${version} of "${event}", and no process that serves it knows this version. They are kept. Start a process that does.`

/**
 * Says once of each subscription that nobody serves it, though deliveries wait for it: when it was so at two looks in a row,
 * as a process that serves it may just be starting.
 */
const logUnserved = (engine: Engine) =>
  Effect.gen(function* () {
    const said = new Set<string>()
    let before = new Set<string>()
    for (;;) {
      yield* Effect.sleep(reportInterval)
      const found = (yield* engine.incident.survive(unserved(engine))).filter(({ open }) => open > 0)
      const keys = new Set(found.map(keyOf))
      for (const key of said) if (!keys.has(key)) said.delete(key)
      for (const each of found) {
        const key = keyOf(each)
        if (!before.has(key) || said.has(key)) continue
        said.add(key)
        yield* Effect.logWarning(textOf(each))
      }
      before = keys
    }
  })

/**
 * Milliseconds without a sign of life after which another process, or what it serves, is looked at: it may poll as rarely
 * as this one.
 */
export const unseenMillis = ({ idlePollingIntervalMs }: Values) => 2.5 * idlePollingIntervalMs + 5000

/** Subscriptions that no process serves. */
export const unserved = (engine: Engine) =>
  withStatementTimeout(engine, "subscriptions.unserved", untraced(engine.subscriptions.unserved))

export const make = (engine: Engine): Effect.Effect<Maintenance, never, Scope.Scope> =>
  Effect.gen(function* () {
    const wanted = yield* Queue.sliding<void>(1)
    const run = (name: string, loop: Effect.Effect<unknown>) =>
      loop.pipe(Effect.annotateLogs({ fiber: name }), Effect.forkScoped)
    yield* run(
      "backfill",
      Queue.take(wanted).pipe(Effect.andThen(engine.incident.survive(backfill(engine))), Effect.forever)
    )
    const changed = yield* Queue.sliding<void>(1)
    let ages = JSON.stringify(agesOf(yield* engine.settings.current))
    const forgetRecords = makeForgetRecords(engine)
    yield* run("retention", retain(engine, changed, forgetRecords))
    yield* run("report", logUnserved(engine))
    return {
      follow: (settings) =>
        Effect.suspend(() => {
          const before = ages
          ages = JSON.stringify(agesOf(settings))
          return before === ages ? Effect.void : Effect.asVoid(Queue.offer(changed, undefined))
        }),
      backfillSoon: Effect.asVoid(Queue.offer(wanted, undefined)),
      backfillAll: backfillAll(engine),
      removeExpired: removeExpired(engine)
    }
  })
