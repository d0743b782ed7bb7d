/** Finance's own service: invoices, each change published in the transaction that makes it. */
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { DomainEvent, type Errors, MemoryDatabase, type PublishError, Publisher, Transactor } from "../../src/index.ts"
import { CustomerCharged, CustomerRefunded, InvoiceCancelled, InvoiceCreated } from "./events.ts"

type StorageError = SqlError.SqlError | Errors.StoreError

export interface Invoice {
  readonly id: string
  readonly customer: string
  readonly amount: number
}

/** Where invoices are kept: the only part that differs between stores. */
interface Storage {
  /** Whether it was new. */
  readonly insert: (invoice: Invoice) => Effect.Effect<boolean, StorageError>
  /** The invoice, if it was not cancelled before. */
  readonly cancel: (id: string) => Effect.Effect<Invoice | undefined, StorageError>
}

const sqlStorage = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE IF NOT EXISTS invoice (
      id text PRIMARY KEY, customer text NOT NULL, amount float8 NOT NULL, cancelled_at timestamptz
    )`
  const storage: Storage = {
    insert: ({ amount, customer, id }) =>
      Effect.map(
        sql`
          INSERT INTO invoice (id, customer, amount) VALUES (${id}, ${customer}, ${amount}::float8)
          ON CONFLICT DO NOTHING RETURNING id`,
        (rows) => rows.length > 0
      ),
    cancel: (id) =>
      Effect.map(
        sql<Invoice>`
          UPDATE invoice SET cancelled_at = now() WHERE id = ${id} AND cancelled_at IS NULL
          RETURNING id, customer, amount`,
        ([invoice]) => invoice
      )
  }
  return storage
})

const memoryStorage = Effect.gen(function* () {
  const open = yield* MemoryDatabase.ref<ReadonlyMap<string, Invoice>>(new Map())
  const known = yield* MemoryDatabase.ref<ReadonlySet<string>>(new Set())
  const storage: Storage = {
    insert: Effect.fnUntraced(function* (invoice) {
      const isNew = yield* known.modify((ids) => [!ids.has(invoice.id), new Set([...ids, invoice.id])])
      if (isNew) yield* open.update((invoices) => new Map([...invoices, [invoice.id, invoice]]))
      return isNew
    }),
    cancel: (id) =>
      open.modify((invoices) => [invoices.get(id), new Map([...invoices].filter(([other]) => other !== id))])
  }
  return storage
})

export class Invoices extends Context.Service<
  Invoices,
  {
    /** Creates an invoice and publishes it, unless it exists. Returns whether it was created. */
    readonly create: (invoice: Invoice) => Effect.Effect<boolean, PublishError | StorageError>
    /** Cancels an invoice and publishes that, unless it is cancelled. Returns whether it was. */
    readonly cancel: (id: string, reason: string) => Effect.Effect<boolean, PublishError | StorageError>
  }
>()("examples/finance/Invoices") {
  static readonly make = Effect.fnUntraced(function* (storage: Storage) {
    const publisher = yield* Publisher
    const transactor = yield* Transactor
    return Invoices.of({
      create: Effect.fn("Invoices.create")(function* (invoice) {
        const { amount, customer, id } = invoice
        const isNew = yield* storage.insert(invoice)
        if (!isNew) return false
        yield* publisher.publishAll([
          DomainEvent.publication(InvoiceCreated, { invoiceId: id, customer, amount }),
          DomainEvent.publication(CustomerCharged, { customer, amount })
        ])
        return true
      }, transactor.withTransaction),
      cancel: Effect.fn("Invoices.cancel")(function* (id, reason) {
        const invoice = yield* storage.cancel(id)
        if (invoice === undefined) return false
        const { amount, customer } = invoice
        yield* publisher.publishAll([
          DomainEvent.publication(InvoiceCancelled, { invoiceId: id, reason }),
          DomainEvent.publication(CustomerRefunded, { customer, amount })
        ])
        return true
      }, transactor.withTransaction)
    })
  })
  static readonly layerSql = Layer.effect(Invoices, Effect.flatMap(sqlStorage, Invoices.make))
  static readonly layerMemory = Layer.effect(Invoices, Effect.flatMap(memoryStorage, Invoices.make))
}
