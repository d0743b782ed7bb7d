/**
 * What the poll finds in memory: what `sql/inbox/poll.ts` asks PostgreSQL.
 *
 * @internal
 */
import type { Schema } from "effect"
import { firstOrderingKey, type PollRequest, type PollResult } from "../stores/Poll.ts"
import { nextDue, unparkableOf } from "./claim.ts"
import type { Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

/** Gives this process and the consumers it serves a sign of life. Those that another transaction holds are passed over. */
const markSeen = (tables: Tables, transaction: Transaction, { consumers, replica }: PollRequest, now: number) => {
  const record = tables.replicas.get(replica.id)
  if (record !== undefined) {
    const { id, silentMillis: _, ...condition } = replica
    tables.replicas.set(id, { ...record, lastSeenAt: now, condition: { ...record.condition, ...condition } })
  }
  for (const { consumer } of consumers) {
    const record = transaction.read(tables.consumers, consumer)
    if (record !== undefined && tables.database.tryLock(transaction, tables.consumers, consumer)) {
      transaction.write(tables.consumers, consumer, { ...record, lastSeenAt: now })
    }
  }
}

/** For each consumer, in how many milliseconds its first claimable delivery is due. */
const due = (tables: Tables, transaction: Transaction, { consumers }: PollRequest, now: number) =>
  consumers.flatMap((served) => {
    const inMillis = nextDue(tables, transaction, { ...served, interest: served }, now)
    return inMillis === undefined ? [] : [{ consumer: served.consumer, inMillis }]
  })

/** Keys of ordered consumers that begin with a parked delivery which nothing blocks. */
const unparkable = (tables: Tables, transaction: Transaction, { consumers }: PollRequest, now: number) =>
  consumers.flatMap(({ consumer, delayed, onDeadLetter }) =>
    onDeadLetter === undefined
      ? []
      : unparkableOf(tables, transaction, { consumer, delayed, onDeadLetter }, now).map((key) => ({ consumer, key }))
  )

/** Consumers with a lease that ran out. */
const expired = (tables: Tables, transaction: Transaction, { consumers }: PollRequest, now: number) =>
  consumers
    .map(({ consumer }) => consumer)
    .filter((consumer) =>
      [...tables.openOf(transaction, consumer)].some(({ lease }) => lease !== null && lease.until <= now)
    )

/** Consumers that others serve with another ordering, and those whose stored ordering is to be that of this process. */
const orderings = (tables: Tables, transaction: Transaction, { consumers, replica }: PollRequest, now: number) => {
  const here = consumers.map(({ consumer, onDeadLetter }) => ({
    consumer,
    ordering: onDeadLetter === undefined ? "none" : "aggregate"
  }))
  const isDisputed = ({ consumer, ordering }: (typeof here)[number]) =>
    tables.servedOf(consumer, now - replica.silentMillis, replica.id).some((served) => served.ordering !== ordering)
  const isReordered = (served: (typeof here)[number]) => {
    const stored = transaction.read(tables.consumers, served.consumer)
    return (
      stored !== undefined &&
      stored.ordering !== served.ordering &&
      (served.ordering === "aggregate" || !isDisputed(served))
    )
  }
  const names = (some: typeof here) => some.map(({ consumer }) => consumer)
  return { disputed: names(here.filter(isDisputed)), reordered: names(here.filter(isReordered)) }
}

/** All that a process asks. What crashes, other processes and plain SQL leave behind elsewhere cannot be here. */
export const poll = (
  tables: Tables,
  transaction: Transaction,
  settings: Readonly<Record<string, Schema.Json>>,
  request: PollRequest,
  now: number
): PollResult => {
  markSeen(tables, transaction, request, now)
  return {
    due: due(tables, transaction, request, now),
    passedOver: [],
    settings,
    hasUnrouted: false,
    announcesInserts: true,
    hasOpenBackfills: false,
    // Whoever starts one, or stops it, tells of it.
    hasOpenOperations: false,
    // Whoever missed something was told at once.
    hasOpenSubscriptions: false,
    unparkable: unparkable(tables, transaction, request, now),
    nextParkedAfter: firstOrderingKey,
    expired: expired(tables, transaction, request, now),
    recovered: [],
    ...orderings(tables, transaction, request, now),
    hasPeers: false,
    hasSilentPeers: false
  }
}
