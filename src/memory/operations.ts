/**
 * Operations on dead letters, in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { cutTo } from "../model/storable.ts"
import type { DeadLetter } from "../stores/DeadLetterStore.ts"
import {
  type NewOperation,
  type Operation,
  type OperationPage,
  type OperationStep,
  OperationStore,
  type Taken
} from "../stores/OperationStore.ts"
import { fromStoredFilter, toStoredFilter } from "../stores/storedFilter.ts"
import { ascending, byPosition } from "./comparators.ts"
import { covered } from "./deadLetters.ts"
import { type OperationRecord, OperationTables, type WatchedRecord } from "./operationTables.ts"
import { type DeliveryRecord, hasGivenUp } from "./records.ts"
import { MemoryTables, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const toOperation = ({ json, record }: OperationRecord): Operation => ({
  ...record,
  filter: fromStoredFilter(json),
  open: record.done - record.settled - record.failedAgain
})

const toTaken = (operation: OperationRecord, now: number): Taken => {
  const { counted, countCursor, cursor, isTaken } = operation
  const idleMillis = now - operation.record.updatedAt.getTime()
  return { ...toOperation(operation), counted, countCursor, cursor, isTaken, idleMillis }
}

const toRecord = ({ cutOff, filter, ...given }: NewOperation, now: number): OperationRecord => ({
  json: toStoredFilter(filter),
  cursor: null,
  countCursor: null,
  counted: 0,
  isTaken: false,
  nextStepAt: now,
  record: {
    ...given,
    cutOff: cutOff ?? new Date(now),
    state: given.canary > 0 ? "canary" : "running",
    done: 0,
    settled: 0,
    failedAgain: 0,
    createdAt: new Date(now),
    startedAt: null,
    updatedAt: new Date(now),
    finishedAt: null,
    stoppedBy: null,
    lastError: null
  }
})

const firstFirst = (a: DeadLetter, b: DeadLetter) =>
  a.gaveUpAt.getTime() - b.gaveUpAt.getTime() || ascending(a.deliveryId, b.deliveryId)

const inScope = (tables: Tables, transaction: Transaction, { cutOff, filter }: Pick<Operation, "cutOff" | "filter">) =>
  covered(tables, transaction, filter)
    .filter(({ gaveUpAt }) => gaveUpAt <= cutOff)
    .toSorted(firstFirst)

/** What an operation covers from a cursor on. */
const following = (tables: Tables, transaction: Transaction, operation: Taken, cursor: string | null) => {
  const [at = "", id = ""] = cursor?.split("/") ?? []
  return inScope(tables, transaction, operation).filter(
    ({ deliveryId, gaveUpAt }) =>
      cursor === null || gaveUpAt.getTime() > Number(at) || (gaveUpAt.getTime() === Number(at) && deliveryId > id)
  )
}

/** What is covered of the same aggregates as a page, and comes before it though it gave up later. */
const ahead = (covered: ReadonlyArray<DeliveryRecord>, page: ReadonlyArray<DeliveryRecord>) =>
  covered.filter(
    (delivery) =>
      !page.includes(delivery) &&
      page.some(
        ({ consumer, orderingKey, position }) =>
          orderingKey !== null &&
          consumer === delivery.consumer &&
          orderingKey === delivery.orderingKey &&
          delivery.position < position
      )
  )

const next = (tables: Tables, transaction: Transaction, operation: Taken, limit: number): OperationPage => {
  const deliveriesOf = (letters: ReadonlyArray<DeadLetter>) =>
    letters.flatMap(({ deliveryId }) => transaction.read(tables.deliveries, deliveryId) ?? [])
  const page = following(tables, transaction, operation, operation.cursor).slice(0, limit)
  if (operation.kind === "requeue") {
    const [covered, own] = [deliveriesOf(inScope(tables, transaction, operation)), deliveriesOf(page)]
    const first = ahead(covered, own)
    if (first.length > 0) {
      // Of what keeps order, the first of all: nothing is left out that comes before what is taken.
      const ordered = [...first, ...own.filter(({ orderingKey }) => orderingKey !== null)].toSorted(byPosition)
      return { deliveryIds: ordered.slice(0, limit).map(({ id }) => id), cursor: operation.cursor, isLast: false }
    }
  }
  return {
    deliveryIds: page.map(({ deliveryId }) => deliveryId),
    cursor: page.at(-1)?.cursor ?? operation.cursor,
    isLast: page.length < limit
  }
}

/** What has become of a delivery that was requeued; undefined while it is open. */
const outcomeOf = (tables: Tables, transaction: Transaction, watched: WatchedRecord, retries: boolean) => {
  const delivery = transaction.read(tables.deliveries, watched.deliveryId)
  if (delivery === undefined || delivery.status === "processed" || delivery.status === "skipped") return "settled"
  return hasGivenUp(delivery) || (retries && delivery.status === "failed") ? "failed" : undefined
}

const save = (operation: OperationRecord, step: OperationStep, now: number): OperationRecord => {
  const { record } = operation
  const isChange = step.done + step.settled + step.failedAgain > 0 || record.state !== step.state
  return {
    ...operation,
    cursor: step.cursor,
    countCursor: step.countCursor,
    counted: step.counted,
    isTaken: step.isTaken,
    nextStepAt: now + step.delayMillis,
    record: {
      ...record,
      state: step.state,
      total: step.total,
      isTotalExact: step.isTotalExact,
      done: record.done + step.done,
      settled: record.settled + step.settled,
      failedAgain: record.failedAgain + step.failedAgain,
      startedAt: record.startedAt ?? new Date(now),
      updatedAt: isChange ? new Date(now) : record.updatedAt,
      finishedAt: step.isFinished ? new Date(now) : null,
      lastError: null
    }
  }
}

const make = Effect.gen(function* () {
  const tables = yield* MemoryTables
  const { database } = tables
  const own = new OperationTables(database)
  const { operations, watched } = own
  /** Changes an operation that nobody holds any more. Returns whether it was changed. */
  const change = (id: string, to: (operation: OperationRecord, now: number) => OperationRecord | undefined) =>
    database.run((transaction) =>
      Effect.gen(function* () {
        yield* database.lock(transaction, operations, id)
        const now = yield* database.now
        const operation = transaction.read(operations, id)
        const changed = operation === undefined ? undefined : to(operation, now)
        if (changed !== undefined) transaction.write(operations, id, changed)
        return changed !== undefined
      })
    )
  return OperationStore.of({
    preview: ({ cutOff, filter }, limit) =>
      database.read((transaction, now) => {
        const found = inScope(tables, transaction, { cutOff: cutOff ?? new Date(now), filter }).slice(0, limit)
        const ordered = [...new Set(found.map(({ consumer }) => consumer))].filter(
          (consumer) => transaction.read(tables.consumers, consumer)?.ordering === "aggregate"
        )
        return { count: found.length, ordered: ordered.toSorted(), at: new Date(now) }
      }),
    add: (given) =>
      database.sync((transaction, now) => {
        const operation = toRecord(given, now)
        transaction.write(operations, given.id, operation)
        return toOperation(operation)
      }),
    find: (id) =>
      database.read((transaction) => {
        const operation = transaction.read(operations, id)
        return operation === undefined ? undefined : toOperation(operation)
      }),
    list: ({ state }, after, limit) =>
      database.read((transaction) =>
        [...transaction.rows(operations)]
          .map(toOperation)
          .filter((each) => (state === undefined || each.state === state) && (after === undefined || each.id < after))
          .toSorted((a, b) => ascending(b.id, a.id))
          .slice(0, limit)
      ),
    stop: (id, by) =>
      change(id, (operation, now) => {
        const { state } = operation.record
        if (state !== "canary" && state !== "running") return undefined
        const record = { ...operation.record, state: "stopped" as const, stoppedBy: by, updatedAt: new Date(now) }
        return { ...operation, isTaken: true, nextStepAt: now, record }
      }),
    dueIn: database.read((transaction, now) => {
      const [first] = own.unfinished(transaction)
      return first === undefined ? undefined : first.nextStepAt - now
    }),
    take: database.sync((transaction, now) => {
      const due = own.unfinished(transaction).filter(({ nextStepAt }) => nextStepAt <= now)
      const free = due.find(({ record }) => database.tryLock(transaction, operations, record.id))
      return free === undefined ? undefined : toTaken(free, now)
    }),
    next: (operation, limit) => database.read((transaction) => next(tables, transaction, operation, limit)),
    count: (operation, limit) =>
      database.read((transaction) => {
        const slice = following(tables, transaction, operation, operation.countCursor).slice(0, limit)
        return { counted: slice.length, cursor: slice.at(-1)?.cursor ?? operation.countCursor }
      }),
    watch: (id, after, limit, retries) =>
      database.sync((transaction) => {
        const slice = own.watchedOf(transaction, id, after).slice(0, limit)
        const counts = { settled: 0, failedAgain: 0 }
        for (const each of slice) {
          const outcome = outcomeOf(tables, transaction, each, retries)
          if (outcome === undefined) continue
          counts[outcome === "settled" ? "settled" : "failedAgain"]++
          transaction.write(watched, each.key, undefined)
        }
        return { ...counts, looked: slice.length, next: slice.length < limit ? undefined : slice.at(-1)?.key }
      }),
    save: (id, step) =>
      Effect.andThen(
        database.sync((transaction) => {
          for (const { deliveryId } of step.requeued) own.watchOne(transaction, id, deliveryId)
        }),
        Effect.asVoid(change(id, (operation, now) => save(operation, step, now)))
      ),
    postpone: (id, error, delayMillis) =>
      Effect.asVoid(
        change(id, (operation, now) => {
          const record = { ...operation.record, lastError: cutTo(error, 1023) }
          return record.finishedAt === null ? { ...operation, record, nextStepAt: now + delayMillis } : undefined
        })
      ),
    forget: (days, limit) =>
      database.sync((transaction, now) => own.forget(transaction, now - days * 86_400_000, limit))
  })
})

export const layer: Layer.Layer<OperationStore, never, MemoryTables> = Layer.effect(OperationStore, make)
