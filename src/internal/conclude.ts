/**
 * What follows from a transaction: words, roll-up, wake-ups, and the charge of what it could not charge itself.
 *
 * @internal
 */
import { Effect, Random } from "effect"
import type { Consumer } from "../Consumer.ts"
import type { Claimed } from "../InboxStore.ts"
import type { Attempt, Judged } from "./attempt.ts"
import { type Engine, orderOf, rulesOf, untraced } from "./engine.ts"
import { inTime } from "./silence.ts"
import { failure, verdictOf } from "./verdict.ts"

/** What one round did. */
export interface Round {
  /** Rows that were claimed first. */
  readonly claimed: number
  /** Deliveries that were settled, or put off after a failed attempt. */
  readonly settled: number
  /** `full`: all that was asked for, and handled; `part`: fewer were there; the others: rolled back or cut short. */
  readonly result: "full" | "part" | "cut" | "contended" | "failed"
  /** Payloads in characters, about; 0 when it is not known. */
  readonly weight?: number
}

/** Nothing was there. */
export const nothing: Round = { claimed: 0, settled: 0, result: "part" }

/** What was claimed early was left for a later claim. */
export const withdrawn: Round = { claimed: 1, settled: 0, result: "cut" }

/** How a batch follows another one of its worker: see `relay.ts`. */
export interface Relay {
  /** Waited for between claim and handlers; false: the batch before was not committed, and this one is left. */
  readonly turn: Effect.Effect<boolean>
  /** Told how many were handled when time is up or all are, before anything is settled, and what the batch weighs. */
  readonly handled: (count: number, weight: number) => Effect.Effect<void>
  /** Told at the end of the transaction, before what follows from it. */
  readonly ended: (isCommitted: boolean) => Effect.Effect<void>
}

/** What a round is asked for. */
export interface Asked {
  readonly isStopping: () => boolean
  /** Only events up to this position. */
  readonly maxPosition?: bigint
  readonly relay?: Relay
}

const report = (consumer: Consumer, { row, verdict }: Judged) => {
  const attempts = verdict.seenAttempts + 1
  const say =
    verdict.status === "skipped"
      ? Effect.logDebug("Delivery skipped", verdict.error ?? "")
      : verdict.retryInMillis !== undefined
        ? Effect.logWarning(
            `Attempt ${attempts} failed, next in ${Math.round(verdict.retryInMillis)} ms`,
            verdict.error
          )
        : Effect.logError(`Gave up after attempt ${attempts}`, verdict.error)
  return Effect.annotateLogs(say, {
    consumer: consumer.name,
    event: row.eventName,
    eventId: row.eventId,
    deliveryId: row.deliveryId
  })
}

const hasTier = (row: Claimed) => row.tier !== null

/**
 * After a commit: words for what failed, the events whose status may be final now, and those whose consumers of lower
 * priority need not wait any longer. Returns how many there were.
 */
export const conclude = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  processed: ReadonlyArray<Claimed>,
  others: ReadonlyArray<Judged>
) {
  const final = others.filter(({ verdict }) => verdict.retryInMillis === undefined).map(({ row }) => row)
  yield* engine.rollUp.offer([...processed, ...final].map((row) => row.eventId))
  yield* Effect.forEach(others, (judged) => report(consumer, judged), { discard: true })
  const tiered = [...processed.filter(hasTier), ...others.map(({ row }) => row).filter(hasTier)].map(
    (row) => row.eventId
  )
  if (tiered.length > 0)
    yield* engine.notifier.announce(
      yield* inTime(engine, "inbox.bringForward", untraced(engine.inbox.bringForward(tiered)))
    )
  return processed.length + others.length
})

/**
 * Charges a failure that could not be charged in its own transaction. A row that was settled meanwhile, by another
 * worker or by a commit whose answer was lost, is left alone.
 */
export const charge = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  row: Claimed,
  { cause, durationMillis }: Extract<Attempt, { _tag: "Failed" }>
) {
  const rules = rulesOf(consumer, yield* engine.settings.current)
  const verdict = yield* verdictOf(row, failure(cause), rules, durationMillis)
  const isCharged = yield* inTime(engine, "inbox.settle", untraced(engine.inbox.settle(verdict)))
  if (!isCharged) return 0
  const onDeadLetter = orderOf(consumer)
  // The delivery's transaction, and the hold on its key with it, are gone: what it blocks is released separately.
  if (onDeadLetter === "continue" && row.orderingKey !== undefined && verdict.retryInMillis === undefined) {
    const released = engine.inbox.release({ consumer: consumer.name, keys: [row.orderingKey], onDeadLetter })
    yield* inTime(engine, "inbox.release", untraced(released))
  }
  return yield* conclude(engine, consumer, [], [{ row, verdict }])
})

/** A short pause of 5 to 50 ms, different for everybody who waits. */
export const pause = Effect.flatMap(Random.nextIntBetween(5, 50), (millis) => Effect.sleep(millis))

/** Nobody is left out. */
export const nobody: ReadonlySet<string> = new Set()
