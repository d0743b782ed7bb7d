/**
 * Settling deliveries in memory.
 *
 * @internal
 */
import { Effect } from "effect"
import { cutTo } from "../model/storable.ts"
import type { AttemptRecord, Verdict } from "../stores/delivery.ts"
import type { Transaction } from "./database.ts"
import type { DeliveryRecord } from "./records.ts"
import { update } from "./rows.ts"
import type { Tables } from "./tables.ts"

/** A row of the history, if the attempt failed. */
const keep = (tables: Tables, transaction: Transaction, settled: DeliveryRecord, verdict: Verdict, now: number) => {
  const { failure } = verdict
  if (failure === undefined) return
  const before = transaction.read(tables.attempts, settled.id) ?? []
  const record: AttemptRecord = {
    attempt: settled.attemptCount,
    startedAt: new Date(now - failure.durationMillis),
    finishedAt: new Date(now),
    outcome: verdict.retryInMillis === undefined ? (settled.status as AttemptRecord["outcome"]) : "retry",
    errorTag: settled.errorTag,
    error: cutTo(failure.detail, 4000)
  }
  transaction.write(tables.attempts, settled.id, [...before, record].slice(-1000))
}

/** Whether a delivery that nobody has leased is as it was seen. */
export const isAsSeen = ({ attemptCount, availableAt, status }: DeliveryRecord, { seenAttempts }: Verdict) =>
  (status === "received" || status === "failed") && availableAt !== null && attemptCount === seenAttempts

/** Settles a delivery that `isMeant` still, in which case this many attempts are added. */
export const settle = (
  tables: Tables,
  verdict: Verdict,
  isMeant: (delivery: DeliveryRecord) => boolean,
  attempts: number
) =>
  tables.database.run((transaction) =>
    Effect.gen(function* () {
      const [changed] = yield* update(tables, [verdict.deliveryId], (delivery, now) =>
        isMeant(delivery)
          ? settled({ ...delivery, attemptCount: delivery.attemptCount + attempts }, verdict, now)
          : undefined
      )
      if (changed === undefined) return false
      keep(tables, transaction, changed, verdict, yield* tables.database.now)
      return true
    })
  )

/** A delivery as a verdict leaves it; its lease, if it had one, has ended. */
const settled = (delivery: DeliveryRecord, verdict: Verdict, now: number): DeliveryRecord => {
  return {
    ...delivery,
    status: verdict.status,
    lease: null,
    availableAt:
      verdict.status !== "failed"
        ? delivery.availableAt
        : verdict.retryInMillis === undefined
          ? null
          : verdict.retryInMillis === 0
            ? Math.min(delivery.availableAt ?? now, now)
            : now + verdict.retryInMillis,
    processedAt: verdict.retryInMillis === undefined ? now : null,
    lastError: verdict.error === undefined ? null : cutTo(verdict.error, 1023),
    errorTag: verdict.errorTag === undefined ? null : cutTo(verdict.errorTag, 255)
  }
}
