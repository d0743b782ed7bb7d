/**
 * One round of a consumer: a transaction, and what follows when it was rolled back. A delivery that failed in company
 * is repeated alone, so that its failure is charged to nobody else.
 *
 * @internal
 */
import { type Cause, Effect, Random } from "effect"
import type { Consumer } from "../Consumer.ts"
import type { StoreError } from "../Errors.ts"
import type { Claimed } from "../InboxStore.ts"
import { Attempt, attempt, type Judged } from "./attempt.ts"
import { type Engine, rulesOf, untraced } from "./engine.ts"
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

/** After a commit: words for what failed, and the events whose status may be final now. Returns how many there were. */
const conclude = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  processed: ReadonlyArray<Claimed>,
  others: ReadonlyArray<Judged>
) {
  const final = others.filter(({ verdict }) => verdict.retryInMillis === undefined).map(({ row }) => row)
  yield* engine.rollUp.offer([...processed, ...final].map((row) => row.eventId))
  yield* Effect.forEach(others, (judged) => report(consumer, judged), { discard: true })
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
  cause: Cause.Cause<unknown>
) {
  const verdict = yield* verdictOf(row, failure(cause), rulesOf(consumer, yield* engine.settings.current))
  const isCharged = yield* untraced(engine.inbox.settle(verdict))
  return isCharged ? yield* conclude(engine, consumer, [], [{ row, verdict }]) : 0
})

/** A short pause of 5 to 50 ms, different for everybody who waits. */
const pause = Effect.flatMap(Random.nextIntBetween(5, 50), (millis) => Effect.sleep(millis))

/** Repeats one delivery in a transaction of its own. Returns how many were settled: none if somebody else has it. */
const alone = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: Consumer,
  deliveryId: string,
  isStopping: () => boolean
): Effect.fn.Return<number, StoreError> {
  const claim = Effect.map(engine.inbox.claimOne(deliveryId), (row) => (row === undefined ? [] : [row]))
  for (let repeats = 1; !isStopping(); repeats++) {
    const result = yield* attempt(engine, { consumer, claim, isStopping, repeats })
    if (result._tag === "Committed") return yield* conclude(engine, consumer, result.processed, result.others)
    if (result._tag === "Failed") return yield* charge(engine, consumer, result.rows[0] as Claimed, result.cause)
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

/**
 * Claims up to `limit` deliveries of a consumer and handles them.
 *
 * @param options.maxPosition - only events up to this position
 */
export const round = (
  engine: Engine,
  consumer: Consumer,
  limit: number,
  options: { readonly isStopping: () => boolean; readonly maxPosition?: bigint }
): Effect.Effect<Round, StoreError> =>
  Effect.gen(function* () {
    const { isStopping } = options
    const interest = engine.registry.interestOf(consumer.name)
    const claim = engine.inbox.claim({
      consumer: consumer.name,
      interest,
      limit,
      maxPosition: options.maxPosition
    })
    const result = yield* attempt(engine, { consumer, claim, isStopping, repeats: 0 })
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
          (settled): Round => ({
            claimed: rows.length,
            settled,
            result: "contended"
          })
        ),
      Failed: ({ cause, culprit, rows }) =>
        Effect.map(
          rows.length === 1
            ? charge(engine, consumer, rows[0] as Claimed, cause)
            : eachAlone(engine, consumer, culprit === undefined ? rows : [culprit], isStopping),
          (settled): Round => ({ claimed: rows.length, settled, result: "failed" })
        )
    })
  })
