/**
 * Deliveries that gave up, in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { entityOf } from "../model/DomainEvent.ts"
import { cutTo } from "../model/storable.ts"
import type { NewAuditEntry } from "../stores/AuditStore.ts"
import {
  type Changed,
  type DeadLetter,
  type DeadLetterContent,
  type DeadLetterFilter,
  DeadLetterStore,
  discardedTag,
  type Seen,
  undecodableTags
} from "../stores/DeadLetterStore.ts"
import { MemoryAudit } from "./audit.ts"
import { ascending, byId } from "./comparators.ts"
import { contentOf } from "./contents.ts"
import { isSameEntity } from "./entities.ts"
import { type DeliveryRecord, type EventRecord, hasGivenUp } from "./records.ts"
import { MemoryTables, matches, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const cursorOf = ({ id, processedAt }: DeliveryRecord) => `${processedAt ?? 0}/${id}`

const toDeadLetter = (delivery: DeliveryRecord, event: EventRecord): DeadLetter => ({
  deliveryId: delivery.id,
  eventId: event.id,
  eventName: event.eventName,
  schemaVersion: event.schemaVersion,
  consumer: delivery.consumer,
  aggregate: entityOf(event),
  status: delivery.status === "dead_letter" ? "dead_letter" : "failed",
  attemptCount: delivery.attemptCount,
  lastError: delivery.lastError,
  errorTag: delivery.errorTag,
  fingerprint: delivery.errorFingerprint,
  isUndecodable: undecodableTags.includes(delivery.errorTag ?? ""),
  isEdited: delivery.payloadOverride !== null,
  gaveUpAt: new Date(delivery.processedAt ?? 0),
  createdAt: new Date(delivery.createdAt),
  cursor: cursorOf(delivery)
})

const textOf = (payload: string, metadata: string | null) =>
  contentOf(payload, metadata).oversizeBytes === null ? payload : null

const toContent = (delivery: DeliveryRecord, event: EventRecord): DeadLetterContent => ({
  ...toDeadLetter(delivery, event),
  ...contentOf(delivery.payloadOverride ?? event.payload, event.metadata),
  originalPayload: contentOf(event.payload, event.metadata).payload,
  payloadText: textOf(delivery.payloadOverride ?? event.payload, event.metadata),
  originalPayloadText: textOf(event.payload, event.metadata),
  correlationId: event.correlationId,
  causationId: event.causationId
})

const isMeant = (filter: DeadLetterFilter, letter: DeadLetter): boolean => {
  const { aggregate, consumer, deliveryIds, errorTag, eventName, fingerprint, isUndecodable, since, until } = filter
  return (
    (deliveryIds === undefined || deliveryIds.includes(letter.deliveryId)) &&
    (consumer === undefined || letter.consumer === consumer) &&
    (eventName === undefined || matches(eventName, letter.eventName)) &&
    (errorTag === undefined || letter.errorTag === errorTag) &&
    (fingerprint === undefined || letter.fingerprint === fingerprint) &&
    (isUndecodable === undefined || letter.isUndecodable === isUndecodable) &&
    (aggregate === undefined || isSameEntity(letter.aggregate, aggregate)) &&
    (since === undefined || letter.gaveUpAt >= since) &&
    (until === undefined || letter.gaveUpAt < until)
  )
}

const lastFirst = (a: DeadLetter, b: DeadLetter) =>
  b.gaveUpAt.getTime() - a.gaveUpAt.getTime() || ascending(b.deliveryId, a.deliveryId)

/** Dead letters that a filter covers. */
export const covered = (tables: Tables, transaction: Transaction, filter: DeadLetterFilter) =>
  [...transaction.rows(tables.deliveries)]
    .filter(hasGivenUp)
    .map((delivery) => toDeadLetter(delivery, transaction.read(tables.events, delivery.eventId) as EventRecord))
    .filter((letter) => isMeant(filter, letter))

const list = (
  tables: Tables,
  transaction: Transaction,
  filter: DeadLetterFilter,
  after: string | undefined,
  limit: number
) => {
  const [time, id = ""] = after?.split("/") ?? []
  const isAfter = ({ deliveryId, gaveUpAt }: DeadLetter) =>
    time === undefined || gaveUpAt.getTime() < Number(time) || (gaveUpAt.getTime() === Number(time) && deliveryId < id)
  return covered(tables, transaction, filter).filter(isAfter).toSorted(lastFirst).slice(0, limit)
}

const isAsSeen = (delivery: DeliveryRecord, { attemptCount, gaveUpAt }: Seen = {}) =>
  (attemptCount === undefined || delivery.attemptCount === attemptCount) &&
  (gaveUpAt === undefined || (delivery.processedAt ?? 0) === gaveUpAt.getTime())

interface Changing {
  readonly seen?: Seen | undefined
  readonly audit?: NewAuditEntry | undefined
}

/** Changes deliveries that gave up. */
const changeAll = (
  { audit, tables }: { readonly tables: Tables; readonly audit: MemoryAudit["Service"] },
  deliveryIds: ReadonlyArray<string>,
  { audit: entry, seen }: Changing,
  change: (delivery: DeliveryRecord, now: number) => DeliveryRecord
) =>
  tables.database.run((transaction) =>
    Effect.gen(function* () {
      const found = deliveryIds.flatMap((id) => transaction.read(tables.deliveries, id) ?? [])
      const now = yield* tables.database.now
      const changed: Array<Changed> = []
      for (const { id } of found.toSorted(byId)) {
        yield* tables.database.lock(transaction, tables.deliveries, id)
        const delivery = transaction.read(tables.deliveries, id)
        if (delivery === undefined || !hasGivenUp(delivery) || !isAsSeen(delivery, seen)) continue
        transaction.write(tables.deliveries, id, change(delivery, now))
        const { consumer, eventId, orderingKey } = delivery
        changed.push({ deliveryId: id, eventId, consumer, orderingKey })
      }
      if (entry !== undefined && changed.length > 0) audit.add(transaction, { ...entry, affected: changed.length }, now)
      return changed
    })
  )

export const layer: Layer.Layer<DeadLetterStore, never, MemoryTables | MemoryAudit> = Layer.effect(
  DeadLetterStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { database } = tables
    const written = { tables, audit: yield* MemoryAudit }
    return DeadLetterStore.of({
      list: (filter, after, limit) => database.read((transaction) => list(tables, transaction, filter, after, limit)),
      count: (filter) => database.read((transaction) => covered(tables, transaction, filter).length),
      find: (deliveryId) =>
        database.read((transaction) => {
          const delivery = transaction.read(tables.deliveries, deliveryId)
          if (delivery === undefined || !hasGivenUp(delivery)) return undefined
          return toContent(delivery, transaction.read(tables.events, delivery.eventId) as EventRecord)
        }),
      requeue: (deliveryIds, payload, options = {}) =>
        changeAll(written, deliveryIds, options, (delivery, now) => ({
          ...delivery,
          status: "received",
          attemptCount: 0,
          availableAt: now,
          processedAt: null,
          payloadOverride: payload ?? delivery.payloadOverride
        })),
      discard: (deliveryIds, reason, options = {}) =>
        changeAll(written, deliveryIds, options, (delivery, now) => ({
          ...delivery,
          status: "skipped",
          availableAt: delivery.availableAt ?? now,
          processedAt: now,
          errorTag: discardedTag,
          errorFingerprint: null,
          lastError: reason === undefined ? delivery.lastError : cutTo(reason, 1023)
        }))
    })
  })
)
