/**
 * Settling deliveries in memory.
 *
 * @internal
 */
import { Effect } from "effect"
import { cutTo } from "../model/storable.ts"
import type { AttemptRecord, Settlement } from "../stores/Delivery.ts"
import type { DeliveryRecord } from "./records.ts"
import { update } from "./rows.ts"
import type { Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

/** A row of the history, if the attempt failed. */
const keep = (
  tables: Tables,
  transaction: Transaction,
  settled: DeliveryRecord,
  settlement: Settlement,
  now: number
) => {
  const { failure } = settlement
  if (failure === undefined) return
  const before = transaction.read(tables.attempts, settled.id) ?? []
  const record: AttemptRecord = {
    attempt: settled.attemptCount,
    startedAt: new Date(now - failure.durationMillis),
    finishedAt: new Date(now),
    outcome: settlement.retryInMillis === undefined ? (settled.status as AttemptRecord["outcome"]) : "retry",
    errorTag: settled.errorTag,
    error: cutTo(failure.detail, 4000)
  }
  transaction.write(tables.attempts, settled.id, [...before, record].slice(-1000))
}

/** Whether a delivery that nobody has leased is as it was seen. */
export const isAsSeen = ({ attemptCount, availableAt, status }: DeliveryRecord, { seenAttempts }: Settlement) =>
  (status === "received" || status === "failed") && availableAt !== null && attemptCount === seenAttempts

/** Settles a delivery that `isMeant` still, in which case this many attempts are added. */
export const settle = (
  tables: Tables,
  settlement: Settlement,
  isMeant: (delivery: DeliveryRecord) => boolean,
  attempts: number
) =>
  tables.database.run((transaction) =>
    Effect.gen(function* () {
      const [changed] = yield* update(tables, [settlement.deliveryId], (delivery, now) =>
        isMeant(delivery)
          ? settled({ ...delivery, attemptCount: delivery.attemptCount + attempts }, settlement, now)
          : undefined
      )
      if (changed === undefined) return false
      keep(tables, transaction, changed, settlement, yield* tables.database.now)
      return true
    })
  )

/** Status and attempts after this one: which does not count if it was given back. */
const countedBy = ({ status }: Settlement, attempts: number): Pick<DeliveryRecord, "status" | "attemptCount"> =>
  status === "snoozed"
    ? { status: attempts > 1 ? "failed" : "received", attemptCount: attempts - 1 }
    : { status, attemptCount: attempts }

/** A delivery as a settlement leaves it; its lease, if it had one, has ended. */
const settled = (delivery: DeliveryRecord, settlement: Settlement, now: number): DeliveryRecord => {
  return {
    ...delivery,
    ...countedBy(settlement, delivery.attemptCount),
    lease: null,
    availableAt:
      settlement.status !== "failed" && settlement.status !== "snoozed"
        ? delivery.availableAt
        : settlement.retryInMillis === undefined
          ? null
          : settlement.retryInMillis === 0
            ? Math.min(delivery.availableAt ?? now, now)
            : now + settlement.retryInMillis,
    processedAt: settlement.retryInMillis === undefined ? now : null,
    lastError: settlement.error === undefined ? null : cutTo(settlement.error, 1023),
    errorTag: settlement.errorTag === undefined ? null : cutTo(settlement.errorTag, 255),
    errorFingerprint: settlement.failure?.group?.fingerprint ?? null
  }
}
