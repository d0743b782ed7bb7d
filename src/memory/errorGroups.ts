/**
 * Groups of errors in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import {
  type ErrorGroup,
  type ErrorGroupFilter,
  ErrorGroupStore,
  largestGroupCount,
  type UnknownGroup
} from "../stores/ErrorGroupStore.ts"
import { ascending } from "./comparators.ts"
import { added, changed, type GroupRecord, hourMillis, isOf, isOld, keptMillis, toGroup } from "./errorGroupRecords.ts"
import { type DeliveryRecord, isParked } from "./records.ts"
import { MemoryTables, type Tables } from "./tables.ts"
import type { Table, Transaction } from "./transaction.ts"

/** What the groups of one database are kept in. */
interface Groups {
  readonly tables: Tables
  readonly groups: Table<GroupRecord>
}

const deliveriesOf = (tables: Tables, transaction: Transaction, fingerprint: string) =>
  [...transaction.rows(tables.deliveries)].filter(
    (delivery) => delivery.errorFingerprint === fingerprint && isOf(delivery)
  )

/** When a delivery failed last, in milliseconds since 1970. */
const failedAt = (tables: Tables, transaction: Transaction, { createdAt, id, processedAt }: DeliveryRecord) =>
  processedAt ?? transaction.read(tables.attempts, id)?.at(-1)?.finishedAt?.getTime() ?? createdAt

const isMeant = ({ consumer, errorTag, onlyOpen, since, states }: ErrorGroupFilter, group: ErrorGroup) =>
  (states === undefined || states.includes(group.state)) &&
  (consumer === undefined || group.consumer === consumer) &&
  (errorTag === undefined || group.errorTag === errorTag) &&
  (since === undefined || group.lastSeenAt >= since) &&
  (onlyOpen !== true || group.gaveUp + group.retrying > 0)

const lastFirst = (a: ErrorGroup, b: ErrorGroup) =>
  b.lastSeenAt.getTime() - a.lastSeenAt.getTime() || ascending(BigInt(b.fingerprint), BigInt(a.fingerprint))

const isBehind = (after: string | undefined) => {
  const [time = "", fingerprint = "0"] = after?.split("/") ?? []
  return (group: ErrorGroup) => {
    const at = group.lastSeenAt.getTime()
    return (
      after === undefined ||
      at < Number(time) ||
      (at === Number(time) && BigInt(group.fingerprint) < BigInt(fingerprint))
    )
  }
}

const find = ({ groups, tables }: Groups, transaction: Transaction, fingerprint: string, now: number) => {
  const record = transaction.read(groups, fingerprint)
  return record === undefined ? undefined : toGroup(record, deliveriesOf(tables, transaction, fingerprint), now)
}

const list = (
  { groups, tables }: Groups,
  transaction: Transaction,
  filter: ErrorGroupFilter,
  page: { readonly after: string | undefined; readonly limit: number },
  now: number
) => {
  const failed = [...transaction.rows(tables.deliveries)].filter(isOf)
  const byGroup = Map.groupBy(failed, ({ errorFingerprint }) => errorFingerprint)
  return [...transaction.rows(groups)]
    .map((record) => toGroup(record, byGroup.get(record.fingerprint) ?? [], now))
    .filter((group) => isMeant(filter, group))
    .filter(isBehind(page.after))
    .toSorted(lastFirst)
    .slice(0, page.limit)
    .map((group) => ({ ...group, cursor: `${group.lastSeenAt.getTime()}/${group.fingerprint}` }))
}

const messages = ({ tables }: Groups, transaction: Transaction, fingerprint: string, limit: number) =>
  deliveriesOf(tables, transaction, fingerprint)
    .toSorted((a, b) => failedAt(tables, transaction, b) - failedAt(tables, transaction, a))
    .slice(0, limit)
    .map(({ lastError }) => lastError ?? "")

const countBehind = ({ tables }: Groups, transaction: Transaction, fingerprint: string) => {
  const keyOf = ({ consumer, orderingKey }: DeliveryRecord) => `${orderingKey}/${consumer}`
  const keys = new Set(
    deliveriesOf(tables, transaction, fingerprint)
      .filter(({ orderingKey }) => orderingKey !== null)
      .map(keyOf)
  )
  const behind = [...transaction.rows(tables.deliveries)].filter(
    (delivery) => isParked(delivery) && delivery.orderingKey !== null && keys.has(keyOf(delivery))
  )
  return Math.min(largestGroupCount, behind.length)
}

/** Looks at one group, and forgets what is to be forgotten. Returns whether that was all of it. */
const forgetOne = ({ groups, tables }: Groups, transaction: Transaction, fingerprint: string, now: number): boolean => {
  const record = transaction.read(groups, fingerprint)
  if (record === undefined) return false
  const group = toGroup(record, deliveriesOf(tables, transaction, fingerprint), now)
  const isForgotten = isOld(group, now) && group.gaveUp + group.retrying === 0
  const hours = record.hours.filter(({ at }) => at.getTime() >= now - keptMillis)
  if (isForgotten || hours.length < record.hours.length) {
    transaction.write(groups, fingerprint, isForgotten ? undefined : { ...record, hours })
  }
  return isForgotten
}

const unknown = ({ groups, tables }: Groups, transaction: Transaction, limit: number, now: number) => {
  const failed = [...transaction.rows(tables.deliveries)].filter(isOf)
  const found: Array<UnknownGroup> = []
  for (const [fingerprint, [delivery]] of Map.groupBy(failed, ({ errorFingerprint }) => errorFingerprint)) {
    if (fingerprint === null || delivery === undefined || transaction.read(groups, fingerprint) !== undefined) continue
    const { consumer, errorTag, eventName, lastError, schemaVersion } = delivery
    const agoMillis = now - failedAt(tables, transaction, delivery)
    const texts = { errorTag: errorTag ?? "", sample: lastError ?? "" }
    found.push({ fingerprint, consumer, ...texts, agoMillis, eventName, schemaVersion })
  }
  return found.slice(0, limit)
}

const byFingerprint = (a: string, b: string) => ascending(BigInt(a), BigInt(b))

export const layer: Layer.Layer<ErrorGroupStore, never, MemoryTables> = Layer.effect(
  ErrorGroupStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { database } = tables
    const kept: Groups = { tables, groups: database.table<GroupRecord>() }
    const { groups } = kept
    /** Changes one group, which nobody else changes meanwhile. */
    const update = (fingerprint: string, write: (transaction: Transaction, now: number) => void) =>
      database.run((transaction) =>
        Effect.map(Effect.andThen(database.lock(transaction, groups, fingerprint), database.now), (now) =>
          write(transaction, now)
        )
      )
    return ErrorGroupStore.of({
      gatherMillis: 0,
      add: (seen) =>
        database.withTransaction(
          Effect.forEach(
            seen.toSorted((a, b) => byFingerprint(a.fingerprint, b.fingerprint)),
            (each) =>
              update(each.fingerprint, (transaction, now) =>
                transaction.write(
                  groups,
                  each.fingerprint,
                  added(transaction.read(groups, each.fingerprint), each, now)
                )
              ),
            { discard: true }
          )
        ),
      list: (filter, after, limit) =>
        database.read((transaction, now) => list(kept, transaction, filter, { after, limit }, now)),
      find: (fingerprint) => database.read((transaction, now) => find(kept, transaction, fingerprint, now)),
      change: (fingerprint, change, by) =>
        Effect.andThen(
          update(fingerprint, (transaction, now) => {
            const before = transaction.read(groups, fingerprint)
            if (before !== undefined) transaction.write(groups, fingerprint, changed(before, change, by, now))
          }),
          database.read((transaction, now) => find(kept, transaction, fingerprint, now))
        ),
      messages: (fingerprint, limit) => database.read((transaction) => messages(kept, transaction, fingerprint, limit)),
      countBehind: (fingerprint) => database.read((transaction) => countBehind(kept, transaction, fingerprint)),
      hourly: (fingerprints, hours) =>
        database.read((transaction, now) =>
          fingerprints.flatMap((fingerprint) =>
            (transaction.read(groups, fingerprint)?.hours ?? [])
              .filter(({ at }) => at.getTime() > now - hours * hourMillis)
              .map((hour) => ({ fingerprint, ...hour }))
          )
        ),
      forget: (after, limit) =>
        Effect.gen(function* () {
          const all = [...groups.rows.keys()].toSorted(byFingerprint)
          const looked = all.filter((each) => after === undefined || byFingerprint(each, after) > 0).slice(0, limit)
          let forgotten = 0
          for (const fingerprint of looked) {
            yield* update(fingerprint, (transaction, now) => {
              if (forgetOne(kept, transaction, fingerprint, now)) forgotten++
            })
          }
          return { groups: forgotten, next: looked.length < limit ? undefined : looked.at(-1) }
        }),
      unknown: (limit) => database.read((transaction, now) => unknown(kept, transaction, limit, now))
    })
  })
)
