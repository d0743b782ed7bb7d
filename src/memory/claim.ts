/**
 * Which deliveries a claim takes in memory: the rules of `sql/inbox/claim.ts` and `sql/inbox/claimInOrder.ts`.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Delayed, OnDeadLetter } from "../model/Consumer.ts"
import type { ClaimRequest, DeliveryKey, Interest, UnparkRequest } from "../stores/Delivery.ts"
import { ascending, byPosition } from "./comparators.ts"
import { claimable, type DeliveryRecord, isParked, isUntried } from "./records.ts"
import { headStartMillis, matches, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

/** A delivery that is held now. */
export interface Taken {
  readonly delivery: DeliveryRecord
  readonly isParking: boolean
}

const isPaused = (tables: Tables, transaction: Transaction, consumer: string): boolean =>
  (transaction.read(tables.consumers, consumer)?.pausedAt ?? null) !== null

/** Until when all that a consumer has is held: in the past, if it is not. */
const coolUntil = (tables: Tables, transaction: Transaction, consumer: string): number =>
  transaction.read(tables.consumers, consumer)?.coolUntil ?? Number.NEGATIVE_INFINITY

const isHeld = (tables: Tables, transaction: Transaction, consumer: string, now: number): boolean =>
  isPaused(tables, transaction, consumer) || coolUntil(tables, transaction, consumer) > now

const isDue = (delivery: DeliveryRecord, now: number) => claimable(delivery) && (delivery.availableAt as number) <= now

/** Put off by the event's publisher, and never attempted: its time has not come. */
const isDelayed = (delivery: DeliveryRecord, now: number) => {
  const { availableAt, tier } = delivery
  return (
    isUntried(delivery) &&
    availableAt !== null &&
    availableAt < Number.POSITIVE_INFINITY &&
    availableAt - (tier ?? 0) * headStartMillis > now
  )
}

/** Whether an open delivery stands in the line of its key: its time may come later. */
const isInLine = (delivery: DeliveryRecord, delayed: Delayed | undefined, now: number) =>
  delayed !== "pass" || !isDelayed(delivery, now)

/** Whether an interest is in events of this name. */
export const isNamed = ({ names, patterns }: Interest, { eventName }: DeliveryRecord) =>
  names.includes(eventName) || patterns.some((pattern) => matches(pattern, eventName))

/** Whether it reads this version of them. */
export const isKnown = ({ versions = {} }: Interest, { eventName, schemaVersion }: DeliveryRecord) =>
  !Object.hasOwn(versions, eventName) || schemaVersion <= (versions[eventName] ?? schemaVersion)

const covers = (interest: Interest, delivery: DeliveryRecord) =>
  isNamed(interest, delivery) && isKnown(interest, delivery)

const isWanted = (request: ClaimRequest, delivery: DeliveryRecord) =>
  (request.maxPosition === undefined || delivery.position <= request.maxPosition) && covers(request.interest, delivery)

/** Due deliveries a request is about, in the order they are claimed. */
function* dueFor(tables: Tables, transaction: Transaction, request: ClaimRequest, now: number) {
  if (isHeld(tables, transaction, request.consumer, now)) return
  for (const delivery of tables.claimableOf(transaction, request.consumer)) {
    if (delivery.availableAt > now) return
    if (isWanted(request, delivery)) yield delivery
  }
}

const tryRow = (tables: Tables, transaction: Transaction, delivery: DeliveryRecord) =>
  tables.database.tryLock(transaction, tables.deliveries, delivery.id)

const tryKey = (tables: Tables, transaction: Transaction, consumer: string, key: bigint) =>
  tables.database.tryLock(transaction, `key of ${consumer}`, String(key))

/** Waits for whoever holds these keys. */
export const waitForKeys = (tables: Tables, transaction: Transaction, consumer: string, keys: ReadonlyArray<bigint>) =>
  Effect.forEach(
    keys.toSorted(ascending),
    (key) => tables.database.lock(transaction, `key of ${consumer}`, String(key)),
    { discard: true }
  )

/** Open deliveries of a key that stand in its line, in order. */
const lineOf = (
  tables: Tables,
  transaction: Transaction,
  { consumer, delayed }: Pick<ClaimRequest, "consumer" | "delayed">,
  key: bigint,
  now: number
) =>
  [...tables.openOf(transaction, consumer)]
    .filter((delivery) => delivery.orderingKey === key && isInLine(delivery, delayed, now))
    .toSorted(byPosition)

/** Whether a delivery of a key is under a lease: it may be a later one, if another was committed late, or requeued. */
const isLeased = (line: ReadonlyArray<DeliveryRecord>) => line.some(({ status }) => status === "processing")

/** Whether a delivery that gave up holds up what comes after it. */
const isHeldUp = (
  tables: Tables,
  transaction: Transaction,
  { consumer, orderingKey, position }: DeliveryRecord,
  onDeadLetter: OnDeadLetter
) => {
  if (onDeadLetter === "continue") return false
  for (const other of tables.gaveUpOf(transaction, consumer)) {
    if (other.orderingKey === orderingKey && other.position < position) return true
  }
  return false
}

const park = (
  tables: Tables,
  transaction: Transaction,
  request: ClaimRequest,
  deliveries: ReadonlyArray<DeliveryRecord>,
  now: number
) => {
  for (const delivery of deliveries) {
    const isMine = isDue(delivery, now) && covers(request.interest, delivery)
    if (!isMine || !tryRow(tables, transaction, delivery)) continue
    transaction.write(tables.deliveries, delivery.id, { ...delivery, availableAt: Number.POSITIVE_INFINITY })
  }
}

/** The ready deliveries of a key up to the first that is not; behind that one, what is due is parked. */
const takeKey = (
  tables: Tables,
  transaction: Transaction,
  request: ClaimRequest & { readonly onDeadLetter: OnDeadLetter },
  key: bigint,
  limit: number,
  now: number
): ReadonlyArray<Taken> => {
  const line = lineOf(tables, transaction, request, key, now)
  const isHeld = isLeased(line)
  const chain = line.filter(({ position }) => request.maxPosition === undefined || position <= request.maxPosition)
  const isParking = chain.slice(0, limit + 1).some(isParked)
  const taken: Array<Taken> = []
  for (const [index, delivery] of chain.entries()) {
    if (taken.length === limit) break
    const isReady =
      !isHeld &&
      (isDue(delivery, now) || isParked(delivery)) &&
      covers(request.interest, delivery) &&
      !isHeldUp(tables, transaction, delivery, request.onDeadLetter)
    if (!isReady) {
      park(tables, transaction, request, chain.slice(index), now)
      break
    }
    if (!tryRow(tables, transaction, delivery)) break
    taken.push({ delivery, isParking })
  }
  return taken
}

const claimInOrder = (
  tables: Tables,
  transaction: Transaction,
  request: ClaimRequest & { readonly limit: number; readonly onDeadLetter: OnDeadLetter },
  now: number
): ReadonlyArray<Taken> => {
  const taken: Array<Taken> = []
  const seen = new Set<bigint>()
  for (const { orderingKey } of dueFor(tables, transaction, request, now)) {
    if (taken.length >= request.limit) break
    if (orderingKey === null || seen.has(orderingKey)) continue
    seen.add(orderingKey)
    if (!tryKey(tables, transaction, request.consumer, orderingKey)) continue
    taken.push(...takeKey(tables, transaction, request, orderingKey, request.limit - taken.length, now))
  }
  return taken.toSorted((a, b) => byPosition(a.delivery, b.delivery))
}

export const claim = (
  tables: Tables,
  transaction: Transaction,
  request: ClaimRequest & { readonly limit: number },
  now: number
): ReadonlyArray<Taken> => {
  const { onDeadLetter } = request
  if (onDeadLetter !== undefined) return claimInOrder(tables, transaction, { ...request, onDeadLetter }, now)
  const taken: Array<Taken> = []
  for (const delivery of dueFor(tables, transaction, request, now)) {
    if (taken.length === request.limit) break
    if (tryRow(tables, transaction, delivery)) taken.push({ delivery, isParking: false })
  }
  return taken
}

export const claimOne = (
  tables: Tables,
  transaction: Transaction,
  request: ClaimRequest & DeliveryKey,
  now: number
): Taken | undefined => {
  const delivery = transaction.read(tables.deliveries, request.deliveryId)
  const isClaimable =
    delivery !== undefined &&
    delivery.consumer === request.consumer &&
    isDue(delivery, now) &&
    !isHeld(tables, transaction, request.consumer, now)
  if (!isClaimable) return undefined
  const { onDeadLetter } = request
  if (onDeadLetter === undefined) {
    return tryRow(tables, transaction, delivery) ? { delivery, isParking: false } : undefined
  }
  const key = delivery.orderingKey
  if (key === null || !tryKey(tables, transaction, request.consumer, key)) return undefined
  const [first] = takeKey(tables, transaction, { ...request, onDeadLetter }, key, 1, now)
  return first?.delivery.id === delivery.id ? first : undefined
}

/** The first open delivery of a key, if it is parked although nothing blocks it. */
const unparkableIn = (
  tables: Tables,
  transaction: Transaction,
  line: ReadonlyArray<DeliveryRecord>,
  onDeadLetter: OnDeadLetter
): DeliveryRecord | undefined => {
  const [first] = line
  if (first === undefined || !isParked(first) || isLeased(line)) return undefined
  return isHeldUp(tables, transaction, first, onDeadLetter) ? undefined : first
}

export const unpark = (tables: Tables, transaction: Transaction, request: UnparkRequest, now: number): number => {
  const { consumer, keys, onDeadLetter } = request
  let unparked = 0
  for (const key of keys) {
    if (!tryKey(tables, transaction, consumer, key)) continue
    const first = unparkableIn(tables, transaction, lineOf(tables, transaction, request, key, now), onDeadLetter)
    if (first === undefined) continue
    transaction.write(tables.deliveries, first.id, { ...first, availableAt: now })
    unparked++
  }
  return unparked
}

/** Keys for which `unpark` has something to do. */
export const unparkableOf = (
  tables: Tables,
  transaction: Transaction,
  { consumer, delayed, onDeadLetter }: Omit<UnparkRequest, "keys">,
  now: number
): ReadonlyArray<bigint> => {
  const lines = new Map<bigint, Array<DeliveryRecord>>()
  for (const delivery of [...tables.openOf(transaction, consumer)].toSorted(byPosition)) {
    const { orderingKey } = delivery
    if (orderingKey === null || !isInLine(delivery, delayed, now)) continue
    const line = lines.get(orderingKey)
    if (line === undefined) lines.set(orderingKey, [delivery])
    else line.push(delivery)
  }
  return [...lines]
    .filter(([, line]) => unparkableIn(tables, transaction, line, onDeadLetter) !== undefined)
    .map(([key]) => key)
}

/** Milliseconds until a consumer's next delivery is due, or its next lease runs out, or none. */
export const nextDue = (
  tables: Tables,
  transaction: Transaction,
  request: ClaimRequest,
  now: number,
  countsLeases = true
): number | undefined => {
  if (isPaused(tables, transaction, request.consumer)) return undefined
  let next: number | undefined
  for (const delivery of tables.claimableOf(transaction, request.consumer)) {
    if (!isWanted(request, delivery)) continue
    next = Math.max(delivery.availableAt, coolUntil(tables, transaction, request.consumer)) - now
    break
  }
  if (!countsLeases) return next
  for (const { lease } of tables.leasedOf(transaction, request.consumer)) {
    if (lease !== null) next = Math.min(next ?? Number.POSITIVE_INFINITY, lease.until - now)
  }
  return next
}
