/** Checks of every change as it is committed, and of every handler as it begins. */

import type { DeliveryRecord, EventRecord } from "../../src/memory/records.ts"
import type { Table } from "../../src/memory/transaction.ts"
import type { Checks } from "./handlers.ts"
import type { Ledger, Run } from "./ledger.ts"
import type { ConsumerSpec } from "./program.ts"
import { settings } from "./replica.ts"
import { beginning } from "./world.ts"

type OnChange<Row> = (key: string, before: Row | undefined, after: Row | undefined) => void

/** Calls `listener` with every change of a table, after its indexes have followed. */
const listen = <Row>(table: Table<Row>, listener: OnChange<Row>) => {
  const { onChange } = table
  Object.assign(table, {
    onChange: (key: string, before: Row | undefined, after: Row | undefined) => {
      onChange(key, before, after)
      listener(key, before, after)
    }
  })
}

const isSettled = ({ availableAt, status }: DeliveryRecord) =>
  status === "processed" ||
  status === "skipped" ||
  status === "dead_letter" ||
  (status === "failed" && availableAt === null)

const told = (row: DeliveryRecord | undefined) =>
  row === undefined
    ? "none"
    : `${row.status} ${row.attemptCount} ${row.errorTag ?? ""} at ${row.availableAt === null ? "-" : row.availableAt - beginning}${row.lease === null ? "" : ` leased until ${row.lease.until - beginning}`}`

/** A lease belongs to one attempt until it is settled, given back, or has run out. */
const checkLease = (ledger: Ledger, name: string, before: DeliveryRecord, after: DeliveryRecord) => {
  if (before.lease === null) return
  const isValid = before.lease.until > ledger.server.machine.clock.currentTimeMillisUnsafe()
  if (!isValid) return
  if (after.lease !== null && after.lease.token !== before.lease.token) {
    ledger.violate(`${name} was leased again while its lease was valid`)
  }
  if (after.lease === null && after.errorTag === "HandlerCrashed" && before.errorTag !== "HandlerCrashed") {
    ledger.violate(`${name} was charged as a crash while its lease was valid`)
  }
}

const noteProcessed = (ledger: Ledger, id: string, { consumer, eventId }: DeliveryRecord) => {
  ledger.processedTimes.set(id, (ledger.processedTimes.get(id) ?? 0) + 1)
  const event = ledger.stored.get(eventId)
  const place = `${consumer} ${event?.key}`
  ledger.processed.set(place, [...(ledger.processed.get(place) ?? []), event?.n ?? 0])
}

/** The next attempt comes when the rules say; what takes long on its way to the database, or is disturbed, aside. */
const checkRetry = (ledger: Ledger, name: string, before: DeliveryRecord, after: DeliveryRecord) => {
  const isRetry = after.status === "failed" && after.availableAt !== null && before.attemptCount < after.attemptCount
  const wasLeased = before.lease !== null && after.lease === null && after.status === "failed"
  if ((!isRetry && !wasLeased) || after.availableAt === null || ledger.disruptions > 0) return
  const { n } = ledger.stored.get(after.eventId) ?? { n: 0 }
  const index = ledger.program.consumers.findIndex((consumer) => consumer.name === after.consumer)
  if (!["fail", "die"].includes(ledger.behaviour(n, index).kind)) return
  const wanted = Math.min(settings.retryMaxDelayMs, settings.retryBaseDelayMs * 2 ** (after.attemptCount - 1))
  const waits = after.availableAt - ledger.server.machine.clock.currentTimeMillisUnsafe()
  if (after.errorTag !== "HandlerTimeout" && waits !== wanted) {
    ledger.violate(`${name} is tried again in ${waits} ms, not in ${wanted}`)
  }
}

const checkDelivery = (ledger: Ledger, id: string, before: DeliveryRecord, after: DeliveryRecord, name: string) => {
  checkLease(ledger, name, before, after)
  const { maxAttempts } = ledger.specOf(after.consumer)
  if (after.attemptCount > maxAttempts) ledger.violate(`${name} has ${after.attemptCount} of ${maxAttempts} attempts`)
  if (isSettled(before) && before.status !== after.status) {
    const isRequeue = !isSettled(after) && (before.status === "dead_letter" || before.status === "failed")
    const isDiscard = after.status === "skipped" && after.errorTag === "Discarded"
    if (isRequeue && after.attemptCount === 0) ledger.requeued.add(id)
    else if (!isDiscard) ledger.violate(`${name} was settled, then changed: ${told(before)} to ${told(after)}`)
  }
  if (after.status === "processed" && before.status !== "processed") noteProcessed(ledger, id, after)
  checkRetry(ledger, name, before, after)
}

export const watch = (ledger: Ledger): void => {
  const { tables, machine } = ledger.server
  listen<EventRecord>(tables.events, (id, before, after) => {
    if (before !== undefined || after === undefined) return
    const { key, n } = JSON.parse(after.payload) as { readonly n: number; readonly key: string }
    ledger.stored.set(id, { n, key, name: after.eventName, position: after.position, dedupeKey: after.dedupeKey })
    machine.world.note(`event ${n} of ${key} is stored`)
  })
  listen<DeliveryRecord>(tables.deliveries, (id, before, after) => {
    const row = (after ?? before) as DeliveryRecord
    const name = `delivery of ${ledger.stored.get(row.eventId)?.n} for ${row.consumer}`
    machine.world.note(`${name}: ${told(before)} to ${told(after)}`)
    if (before !== undefined && after !== undefined) checkDelivery(ledger, id, before, after, name)
    if (after === undefined && before !== undefined && !isSettled(before))
      ledger.violate(`${name} was removed while open`)
  })
}

const isGone = ({ isDoubtful, machine }: Run) => machine.isDead || isDoubtful

/** Whether somebody still holds a leased delivery. */
const isHeld = (ledger: Ledger, deliveryId: string) => {
  const lease = ledger.server.tables.deliveries.rows.get(deliveryId)?.lease ?? null
  return lease !== null && lease.until > ledger.server.machine.clock.currentTimeMillisUnsafe()
}

const checkSide = (ledger: Ledger, run: Run, spec: ConsumerSpec) => {
  for (const other of ledger.running) {
    if (other.consumer !== run.consumer || isGone(other)) continue
    const isSame = other.deliveryId === run.deliveryId
    if (isSame && spec.mode === "transactional") ledger.violate(`${spec.name} handles ${run.n} twice at once`)
    const isOrdered = spec.ordering === "aggregate" && ledger.keepsOrder(run.consumer)
    if (isSame || !isOrdered || other.key !== run.key || spec.kind === "batch") continue
    if (spec.mode === "transactional" || isHeld(ledger, other.deliveryId)) {
      ledger.violate(`${spec.name} handles ${other.n} and ${run.n} of ${run.key} at once`)
    }
  }
}

/** Long after a pause, no handler begins: what was claimed before it has come to its end. */
const checkPause = (ledger: Ledger, run: Run, { name }: ConsumerSpec) => {
  const { machine, tables } = ledger.server
  const pausedAt = tables.consumers.rows.get(name)?.pausedAt ?? null
  const isLong = pausedAt !== null && machine.clock.currentTimeMillisUnsafe() - pausedAt > longAfterPauseMillis
  if (isLong && ledger.disruptions === 0) ledger.violate(`${name} is paused, and handles ${run.n}`)
}

/** What one batch may take whose handlers time out. */
const longAfterPauseMillis = 1000

export const checksOf = (ledger: Ledger): Checks => ({
  onBegin: (run, spec, attempt) => {
    const { maxAttempts } = ledger.specOf(spec.name)
    if (attempt > maxAttempts) ledger.violate(`${spec.name} handles ${run.n} in attempt ${attempt} of ${maxAttempts}`)
    const via = ledger.attempted.get(run.n)
    if (via?.outcome === "rolledBack") ledger.violate(`${spec.name} was given ${run.n}, which was rolled back`)
    checkSide(ledger, run, spec)
    checkPause(ledger, run, spec)
  }
})
