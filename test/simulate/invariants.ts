/** What has to be true at the end of a run: the promises of docs/guarantees.md. */
import { Context, Effect } from "effect"
import { ActorStore } from "../../src/index.ts"
import type { DeliveryRecord } from "../../src/memory/records.ts"
import { effectCell, orderCell } from "./handlers.ts"
import { childOf, type Ledger } from "./ledger.ts"
import type { ConsumerSpec } from "./program.ts"
import type { Replicas } from "./replicas.ts"

const isOpen = ({ availableAt, status }: DeliveryRecord) =>
  status === "received" || status === "processing" || (status === "failed" && availableAt !== null)

const gaveUp = ({ availableAt, status }: DeliveryRecord) =>
  status === "dead_letter" || (status === "failed" && availableAt === null)

/** Waits for nothing but what an operator does about one that gave up before it. */
const isHeldUp = (ledger: Ledger, row: DeliveryRecord) => {
  const spec = ledger.specOf(row.consumer)
  if (spec.ordering === "none" || spec.onDeadLetter === "continue") return false
  return ledger
    .deliveries()
    .some(
      (other) =>
        other.consumer === row.consumer &&
        other.orderingKey === row.orderingKey &&
        other.position < row.position &&
        gaveUp(other)
    )
}

const open = (ledger: Ledger) => ledger.deliveries().filter((row) => isOpen(row) && !isHeldUp(ledger, row))

/** Whether nothing is left to do; with `isStrict`, nothing that gave up is left either. */
export const isQuiet = (ledger: Ledger, isStrict = false): boolean =>
  isStrict ? !ledger.deliveries().some((row) => isOpen(row) || gaveUp(row)) : open(ledger).length === 0

export const whatIsOpen = (ledger: Ledger): string =>
  open(ledger)
    .map(
      (row) =>
        `${ledger.stored.get(row.eventId)?.n} for ${row.consumer} (${row.status} ${row.attemptCount} ${row.errorTag ?? ""})`
    )
    .join(", ")

const wants = ({ events }: ConsumerSpec, name: string) =>
  events === "sim.*" ? name.startsWith("sim.") : events.some((event) => event === name)

const storedNumbers = (ledger: Ledger) => new Map([...ledger.stored.values()].map((event) => [event.n, event]))

/** What was told to be stored is; what was rolled back is not; one event for each dedupe key. */
const checkStored = (ledger: Ledger): void => {
  const stored = storedNumbers(ledger)
  const counts = new Map<number, number>()
  for (const { n } of ledger.stored.values()) counts.set(n, (counts.get(n) ?? 0) + 1)
  for (const [n, count] of counts) if (count > 1) ledger.violate(`event ${n} is stored ${count} times`)
  for (const [n, { outcome }] of ledger.attempted) {
    if (outcome === "acked" && !stored.has(n))
      ledger.violate(`event ${n} is lost, though its publisher was told it is stored`)
    if ((outcome === "rolledBack" || outcome === "duplicate") && stored.has(n))
      ledger.violate(`event ${n} is stored: ${outcome}`)
  }
  if (ledger.program.steps.some(({ kind }) => kind === "removeExpired")) return
  const keys = new Set<string>()
  for (const { dedupeKey, n, name } of ledger.stored.values()) {
    if (dedupeKey === null) continue
    if (keys.has(`${name} ${dedupeKey}`)) ledger.violate(`event ${n} is a second one with the key ${dedupeKey}`)
    keys.add(`${name} ${dedupeKey}`)
  }
}

/** Everybody who was subscribed has a delivery. */
const checkGiven = (ledger: Ledger): void => {
  const { rows } = ledger.server.tables.events
  const given = new Set(ledger.deliveries().map((row) => `${row.consumer} ${row.eventId}`))
  for (const [id, { n, name }] of ledger.stored) {
    // Retention removes an event with all its deliveries.
    if (!rows.has(id)) continue
    const committingAt = ledger.attempted.get(n)?.committingAt
    for (const [index, spec] of ledger.program.consumers.entries()) {
      const registeredAt = ledger.registeredAt.get(index)
      const isMeant =
        registeredAt !== undefined && (spec.startFrom === "beginning" || (committingAt ?? 0) > registeredAt)
      if (wants(spec, name) && isMeant && !given.has(`${spec.name} ${id}`))
        ledger.violate(`${spec.name} was not given ${n}`)
    }
  }
}

/** Effects in the database are there once, when their delivery was handled, and not at all otherwise. */
const checkEffects = (ledger: Ledger): void => {
  const stored = storedNumbers(ledger)
  for (const row of ledger.deliveries()) {
    const n = ledger.stored.get(row.eventId)?.n ?? 0
    const spec = ledger.specOf(row.consumer)
    const name = `${n} for ${row.consumer}`
    const times = ledger.processedTimes.get(row.id) ?? 0
    if (times > 1) ledger.violate(`${name} was processed ${times} times`)
    const isHandled = row.status === "processed" || (row.status === "skipped" && row.errorTag !== "Discarded")
    const index = ledger.program.consumers.indexOf(spec)
    const isParent = ledger.behaviour(n, index).kind === "publish" && row.status === "processed"
    if (isParent !== stored.has(childOf(n, index))) {
      ledger.violate(`${name} is ${row.status}, and what it published is ${isParent ? "not " : ""}stored`)
    }
    if (spec.mode === "leased") {
      if (isHandled && !ledger.outside.has(row.id)) ledger.violate(`${name} is ${row.status} and was not handled`)
      continue
    }
    const effects = ledger.committed(effectCell(row.consumer, n)).length
    if (effects !== (isHandled ? 1 : 0))
      ledger.violate(`${name} is ${row.status}, its effect is there ${effects} times`)
  }
}

/** Events of an aggregate were handled in the order they were published, where that was promised. */
const checkOrder = (ledger: Ledger): void => {
  const positions = new Map([...ledger.stored.values()].map(({ n, position }) => [n, position]))
  const requeued = new Set(
    [...ledger.requeued].map((id) => {
      const row = ledger.server.tables.deliveries.rows.get(id)
      return row === undefined ? 0 : ledger.stored.get(row.eventId)?.n
    })
  )
  for (const [index, spec] of ledger.program.consumers.entries()) {
    if (spec.ordering === "none" || spec.mode === "leased" || !ledger.keepsOrder(index)) continue
    const since = ledger.registeredAt.get(index) ?? Number.POSITIVE_INFINITY
    for (const key of new Set([...ledger.stored.values()].map((event) => event.key))) {
      const handled = ledger
        .committed(orderCell(spec.name, key))
        .filter((n) => (ledger.attempted.get(n)?.begunAt ?? 0) > since)
        .filter((n) => spec.onDeadLetter === "park" || !requeued.has(n))
        .filter((n) => spec.delayed === "hold" || (ledger.attempted.get(n)?.spec.delay ?? 0) === 0)
      const isOrdered = handled.every(
        (n, place) => place === 0 || (positions.get(handled[place - 1] as number) ?? 0n) < (positions.get(n) ?? 0n)
      )
      if (!isOrdered) ledger.violate(`${spec.name} handled ${key} in the order ${handled.join(", ")}`)
    }
  }
}

/** The state of an actor is made of exactly what it has processed, in the order it was handled. */
const checkActors = (ledger: Ledger): void => {
  const store = Context.get(ledger.server.stores, ActorStore)
  for (const { kind, name } of ledger.program.consumers) {
    if (kind !== "actor") continue
    const seen = new Map(
      Effect.runSync(store.list(name, 0n, 1000)).map(({ aggregate, state }) => [
        aggregate.entityId,
        (state as { readonly seen: ReadonlyArray<number> }).seen
      ])
    )
    for (const key of new Set([...ledger.stored.values()].map((event) => event.key))) {
      const processed = new Set(ledger.processed.get(`${name} ${key}`))
      const wanted = ledger.committed(orderCell(name, key)).filter((n) => processed.has(n))
      const has = seen.get(key) ?? []
      if (has.join() !== wanted.join()) ledger.violate(`${name} has the state ${has} of ${key}, not ${wanted}`)
    }
  }
}

const failing = ["fail", "die", "fatal", "retryAfter", "crash", "stuck"]

/** Only what fails, or loses its process again and again, gives up. */
const checkGivenUp = (ledger: Ledger): void => {
  for (const row of ledger.deliveries()) {
    if (row.errorTag !== "Discarded" && !gaveUp(row)) continue
    const spec = ledger.specOf(row.consumer)
    const n = ledger.stored.get(row.eventId)?.n ?? 0
    const { kind, takes } = ledger.behaviour(n, ledger.program.consumers.indexOf(spec))
    const isSlow = takes > 500
    if (failing.includes(kind) || isSlow || ledger.disruptions >= spec.maxAttempts) continue
    // It waited for the row of one that is slow.
    if (spec.ordering === "none" && row.lastError?.startsWith("HandlerTimeout") === true) continue
    ledger.violate(`${n} for ${row.consumer} gave up though it never fails: ${row.lastError}`)
  }
}

const checkLeftovers = (ledger: Ledger, replicas: Replicas): void => {
  for (const row of ledger.deliveries()) {
    if (row.lease !== null) ledger.violate(`a lease of ${row.consumer} is left`)
  }
  if (ledger.running.size > 0) ledger.violate(`${ledger.running.size} handlers run on`)
  const notes = Effect.runSync(replicas.notesLeft).filter((id) => ledger.server.tables.deliveries.rows.has(id))
  if (notes.length > 0) ledger.violate(`${notes.length} notes of attempts are left`)
  for (const [id, { status }] of replicas.rows) if (status === "running") ledger.violate(`${id} is still said to run`)
  for (const transactions of ledger.server.open.values()) {
    if (transactions.size > 0) ledger.violate(`${transactions.size} transactions are left open`)
  }
}

export const checkAll = (ledger: Ledger, replicas: Replicas): void => {
  checkStored(ledger)
  checkGiven(ledger)
  checkEffects(ledger)
  checkOrder(ledger)
  checkActors(ledger)
  checkGivenUp(ledger)
  checkLeftovers(ledger, replicas)
}
