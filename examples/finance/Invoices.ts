/** Finance's own service: invoices, each change published in the transaction that makes it. */
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { type Errors, type PublishError, Publisher, Transactor } from "../../src/index.ts"
import { InvoiceCancelled, InvoiceCreated } from "./events.ts"

type Failure = PublishError | SqlError.SqlError | Errors.StoreError

export class Invoices extends Context.Service<
  Invoices,
  {
    /** Creates an invoice and publishes it, unless it exists. Returns whether it was created. */
    readonly create: (invoice: {
      readonly id: string
      readonly customer: string
      readonly amount: number
    }) => Effect.Effect<boolean, Failure>
    /** Cancels an invoice and publishes that, unless it is cancelled. Returns whether it was. */
    readonly cancel: (id: string, reason: string) => Effect.Effect<boolean, Failure>
  }
>()("examples/finance/Invoices") {
  static readonly layer = Layer.effect(
    Invoices,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const publisher = yield* Publisher
      const transactor = yield* Transactor
      yield* sql`
        CREATE TABLE IF NOT EXISTS invoice (
          id text PRIMARY KEY, customer text NOT NULL, amount float8 NOT NULL, cancelled_at timestamptz
        )`
      return Invoices.of({
        create: Effect.fn("Invoices.create")(function* ({ amount, customer, id }) {
          const created = yield* sql`
            INSERT INTO invoice (id, customer, amount) VALUES (${id}, ${customer}, ${amount}::float8)
            ON CONFLICT DO NOTHING RETURNING id`
          if (created.length === 0) return false
          yield* publisher.publish(InvoiceCreated, { invoiceId: id, customer, amount })
          return true
        }, transactor.withTransaction),
        cancel: Effect.fn("Invoices.cancel")(function* (id, reason) {
          const cancelled = yield* sql`
            UPDATE invoice SET cancelled_at = now() WHERE id = ${id} AND cancelled_at IS NULL RETURNING id`
          if (cancelled.length === 0) return false
          yield* publisher.publish(InvoiceCancelled, { invoiceId: id, reason })
          return true
        }, transactor.withTransaction)
      })
    })
  )
}
