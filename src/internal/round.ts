/**
 * One round of a consumer: a transaction, and what follows when it was rolled back. A delivery that failed in company
 * is repeated alone, so that its failure is charged to nobody else.
 *
 * @internal
 */
import { Effect, Random } from "effect"
import type { Consumer } from "../Consumer.ts"
import type { StoreError } from "../Errors.ts"
import type { Claimed } from "../InboxStore.ts"
import { Attempt, attempt, type Judged } from "./attempt.ts"
import { type Engine, orderOf, requestOf, rulesOf, untraced } from "./engine.ts"
import { failure, verdictOf } from "./verdict.ts"

/** What one round did. */
export interface Round {
  /** Rows that were claimed first. */
  readonly claimed: number
  /** Deliveries that were settled, or put off after a failed attempt. */
  readonly settled: number
  /** `full`: all that was asked for, and handled; `part`: fewer were there; the others: rolled back or cut short. */
  readonly result: "full" | "part" | "cut" | "contended" | "failed"
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
const conclude = Effect.fnUntraced(function* (
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
  if (tiered.length > 0) yield* engine.notifier.wake(yield* untraced(engine.inbox.bringForward(tiered)))
  return processed.length + others.length
})

/**
 * Charges a failure that could not be charged in its own transaction. A row that was settled meanwhile, by another
 * worker or by a commit whose answer was lost, is left alone.
 */
const charge = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  row: Claimed,
  { cause, durationMillis }: Extract<Attempt, { _tag: "Failed" }>
) {
  const rules = rulesOf(consumer, yield* engine.settings.current)
  const verdict = yield* verdictOf(row, failure(cause), rules, durationMillis)
  const isCharged = yield* untraced(engine.inbox.settle(verdict))
  if (!isCharged) return 0
  const onDeadLetter = orderOf(consumer)
  // The delivery's transaction, and the hold on its key with it, are gone: what it blocks is released separately.
  if (onDeadLetter === "continue" && row.orderingKey !== undefined && verdict.retryInMillis === undefined) {
    yield* untraced(engine.inbox.release({ consumer: consumer.name, keys: [row.orderingKey], onDeadLetter }))
  }
  return yield* conclude(engine, consumer, [], [{ row, verdict }])
})

/** A short pause of 5 to 50 ms, different for everybody who waits. */
const pause = Effect.flatMap(Random.nextIntBetween(5, 50), (millis) => Effect.sleep(millis))

const nobody: ReadonlySet<string> = new Set()

/** Repeats one delivery in a transaction of its own. Returns how many were settled: none if somebody else has it. */
const alone = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  deliveryId: string,
  isStopping: () => boolean
): Effect.fn.Return<number, StoreError> {
  const request = { ...requestOf(engine, consumer), deliveryId }
  const claim = Effect.map(engine.inbox.claimOne(request), (row) => (row === undefined ? [] : [row]))
  for (let repeats = 1; !isStopping(); repeats++) {
    const result = yield* attempt(engine, { consumer, claim, isStopping, repeats, avoided: nobody })
    if (result._tag === "Committed") return yield* conclude(engine, consumer, result.processed, result.others)
    if (result._tag === "Failed") return yield* charge(engine, consumer, result.rows[0] as Claimed, result)
    yield* pause
  }
  return 0
})

const eachAlone = (engine: Engine, consumer: Consumer, rows: ReadonlyArray<Claimed>, isStopping: () => boolean) =>
  Effect.reduce(
    rows,
    () => 0,
    (settled, row) => Effect.map(alone(engine, consumer, row.deliveryId, isStopping), (more) => settled + more)
  )

/** Whether one of `suspects` comes after a delivery of its key that is none: that one has to be through first. */
const hasPredecessor = (rows: ReadonlyArray<Claimed>, suspects: ReadonlyArray<Claimed>) =>
  suspects.some((suspect) => {
    if (suspect.orderingKey === undefined) return false
    const first = rows.find((row) => row.orderingKey === suspect.orderingKey)
    return first !== undefined && !suspects.includes(first)
  })

interface Asked {
  readonly isStopping: () => boolean
  /** Only events up to this position. */
  readonly maxPosition?: bigint
}

/** One transaction for up to `limit` deliveries, and what follows from it. */
const oneBatch = (
  engine: Engine,
  consumer: Consumer,
  limit: number,
  { isStopping, maxPosition }: Asked
): Effect.Effect<Round, StoreError> =>
  Effect.gen(function* () {
    const claim = engine.inbox.claim({ ...requestOf(engine, consumer, maxPosition), limit })
    const result = yield* attempt(engine, { consumer, claim, isStopping, repeats: 0, avoided: nobody })
    /** Commits what comes before the suspects in order, so that they are next. */
    const clearTheWay = Effect.fnUntraced(function* (suspects: ReadonlyArray<Claimed>) {
      const avoided = new Set(suspects.map((row) => row.deliveryId))
      const before = yield* attempt(engine, { consumer, claim, isStopping, repeats: 0, avoided })
      return before._tag === "Committed" ? yield* conclude(engine, consumer, before.processed, before.others) : 0
    })
    return yield* Attempt.$match(result, {
      Committed: ({ claimed, others, processed }) =>
        Effect.map(
          conclude(engine, consumer, processed, others),
          (settled): Round => ({
            claimed,
            settled,
            result: settled < claimed ? "cut" : claimed === limit ? "full" : "part"
          })
        ),
      Contended: ({ rows }) =>
        // Alone it cannot be made smaller: it is repeated until the others are through.
        Effect.map(
          rows.length === 1 ? eachAlone(engine, consumer, rows, isStopping) : Effect.succeed(0),
          (settled): Round => ({ claimed: rows.length, settled, result: "contended" })
        ),
      Failed: Effect.fnUntraced(function* (failed) {
        const { rows, suspects } = failed
        const [first, second] = rows
        if (first !== undefined && second === undefined) {
          const settled = yield* charge(engine, consumer, first, failed)
          return { claimed: 1, settled, result: "failed" } satisfies Round
        }
        const before = hasPredecessor(rows, suspects) ? yield* clearTheWay(suspects) : 0
        const settled = yield* eachAlone(engine, consumer, suspects, isStopping)
        return { claimed: rows.length, settled: before + settled, result: "failed" } satisfies Round
      })
    })
  })

/** The same in transactions of one delivery each. */
const isolated = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  limit: number,
  asked: Asked
): Effect.fn.Return<Round, StoreError> {
  let settled = 0
  for (let claimed = 0; claimed < limit && !(claimed > 0 && asked.isStopping()); claimed++) {
    const one = yield* oneBatch(engine, consumer, 1, asked)
    settled += one.settled
    if (one.claimed === 0 || one.settled === 0) return { claimed: claimed + one.claimed, settled, result: "part" }
  }
  return { claimed: limit, settled, result: "full" }
})

/**
 * Claims up to `limit` deliveries of a consumer and handles them.
 *
 * @param asked.maxPosition - only events up to this position
 */
export const round = (
  engine: Engine,
  consumer: Consumer,
  limit: number,
  asked: Asked
): Effect.Effect<Round, StoreError> =>
  engine.isIsolated && !engine.registry.isBatched(consumer.name)
    ? isolated(engine, consumer, limit, asked)
    : oneBatch(engine, consumer, limit, asked)
