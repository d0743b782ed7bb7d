/**
 * How much waits for consumers, in memory.
 *
 * @internal
 */
import { type ConsumerDepth, type Depths, largestDepth } from "../stores/Depths.ts"
import { ascending } from "./comparators.ts"
import { claimable, hasGivenUp, isParked } from "./records.ts"
import { isServed } from "./subscriptions.ts"
import type { Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const upTo = (counted: ReadonlyArray<unknown>) => Math.min(counted.length, largestDepth)

const ofConsumer = (tables: Tables, transaction: Transaction, consumer: string, now: number): ConsumerDepth => {
  const open = [...tables.openOf(transaction, consumer)]
  const waiting = open.filter(claimable).toSorted((a, b) => a.availableAt - b.availableAt)
  const counted = waiting.slice(0, largestDepth)
  const isFirst = ({ status }: { readonly status: string }) => status === "received"
  const record = transaction.read(tables.consumers, consumer)
  return {
    consumer,
    ready: counted.filter((each) => isFirst(each) && each.availableAt <= now).length,
    delayed: counted.filter((each) => isFirst(each) && each.availableAt > now).length,
    retrying: counted.filter((each) => !isFirst(each)).length,
    leased: upTo(open.filter(({ status }) => status === "processing")),
    parked: upTo(open.filter(isParked)),
    deadLetters: upTo(
      [...transaction.rows(tables.deliveries)].filter((each) => each.consumer === consumer && hasGivenUp(each))
    ),
    oldestMillis: Math.max(0, now - (waiting[0]?.availableAt ?? now)),
    isHeld: (record?.coolUntil ?? 0) > now,
    isPaused: record !== undefined && record.pausedAt !== null,
    isBraked: record !== undefined && record.pauseReason !== null,
    // What crashes leave behind cannot be here.
    isRecovering: false
  }
}

export const depths = (
  tables: Tables,
  transaction: Transaction,
  consumers: ReadonlyArray<string>,
  now: number
): Depths => ({
  consumers: consumers.toSorted(ascending).map((consumer) => ofConsumer(tables, transaction, consumer, now)),
  // Nothing is inserted by other means.
  unrouted: 0,
  unserved: [...transaction.rows(tables.subscriptions)].filter((subscription) => !isServed(tables, subscription)).length
})
