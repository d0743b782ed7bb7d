/**
 * The audit in memory.
 *
 * @internal
 */
import { Context, Effect, Layer } from "effect"
import {
  type AuditEntry,
  type AuditFilter,
  type AuditFound,
  AuditStore,
  auditWindow,
  type NewAuditEntry
} from "../stores/AuditStore.ts"
import { ascending } from "./comparators.ts"
import type { Database } from "./database.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"
import type { Table, Transaction } from "./transaction.ts"

/** As text, so that nobody can change what is stored. */
interface AuditRecord extends Omit<NewAuditEntry, "details"> {
  readonly id: bigint
  readonly at: number
  readonly json: string
}

const toEntry = ({ at, id, json, ...record }: AuditRecord): AuditEntry => ({
  ...record,
  id: String(id),
  at: new Date(at),
  details: JSON.parse(json)
})

const isMeant = ({ action, since, target, until, who }: AuditFilter, entry: AuditRecord): boolean =>
  (who === undefined || entry.who === who) &&
  (action === undefined || entry.action === action) &&
  (target === undefined || entry.target === target) &&
  (since === undefined || entry.at >= since.getTime()) &&
  (until === undefined || entry.at < until.getTime())

const list = (
  rows: Iterable<AuditRecord>,
  filter: AuditFilter,
  after: string | undefined,
  limit: number
): AuditFound => {
  const below = [...rows].filter(({ id }) => after === undefined || id < BigInt(after))
  const passed = below.toSorted((a, b) => ascending(b.id, a.id))
  const window = passed.slice(0, auditWindow)
  const found = window.filter((entry) => isMeant(filter, entry))
  const entries = found.slice(0, limit).map(toEntry)
  if (entries.length === limit) return { entries, next: entries.at(-1)?.id }
  return { entries, next: passed.length > window.length ? String(window.at(-1)?.id) : undefined }
}

export class MemoryAudit extends Context.Service<
  MemoryAudit,
  { readonly add: (transaction: Transaction, entry: NewAuditEntry, now: number) => void }
>()("effect-integration/MemoryAudit") {
  static readonly layer: Layer.Layer<MemoryAudit | AuditStore, never, MemoryDatabase> = Layer.effectContext(
    Effect.gen(function* () {
      const { internal: database } = yield* MemoryDatabase
      const entries = database.table<AuditRecord>()
      const add = (transaction: Transaction, { details, ...entry }: NewAuditEntry, at: number) => {
        const id = database.nextPosition()
        transaction.write(entries, String(id), { ...entry, id, at, json: JSON.stringify(details) })
      }
      const store = AuditStore.of({
        add: (entry) => database.sync((transaction, now) => add(transaction, entry, now)),
        list: (filter, after, limit) =>
          database.read((transaction) => list(transaction.rows(entries), filter, after, limit)),
        forget: (hours, limit) => forget(database, entries, hours, limit)
      })
      return Context.make(MemoryAudit, MemoryAudit.of({ add })).pipe(Context.add(AuditStore, store))
    })
  )
}

const forget = (database: Database, entries: Table<AuditRecord>, hours: number, limit: number) =>
  database.sync((transaction, now) => {
    const old = [...transaction.rows(entries)].filter(({ at }) => at < now - hours * 3_600_000).slice(0, limit)
    for (const { id } of old) transaction.write(entries, String(id), undefined)
    return old.length
  })
