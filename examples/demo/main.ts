/**
 * `npm run demo`: finance creates and cancels invoices, operations makes linked tasks of them. One handler fails twice
 * before it succeeds, another always fails and ends as a dead letter. Kill it at any moment and start it again: it goes
 * on from what is there, and ends with the same numbers.
 */
import { Console, Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { Integration, LinkStore, Processor } from "../../src/index.ts"
import { Invoices } from "../finance/Invoices.ts"
import * as Operations from "../operations/subscribers.ts"
import { Tasks } from "../operations/Tasks.ts"
import * as Database from "./database.ts"

/** Twelve invoices: one of a customer nobody knows yet, one nobody can process, two that are cancelled. */
const invoices = Array.from({ length: 12 }, (_, index) => ({
  id: `INV-${String(index + 1).padStart(2, "0")}`,
  customer: index === 4 ? "newcomer" : "regular",
  amount: index === 7 ? -1 : 100 * (index + 1)
}))

const cancelled = ["INV-02", "INV-11"]

/** One line per failed attempt, without stack or annotations. */
const readable = Logger.make(({ logLevel, message }) => {
  const words = Array.isArray(message) ? message.map(String).join(": ") : String(message)
  if (logLevel !== "Info") console.log(`  ${logLevel.toLowerCase()}: ${words}`)
})

const publish = Effect.gen(function* () {
  const finance = yield* Invoices
  for (const invoice of invoices) {
    const isNew = yield* finance.create(invoice)
    yield* Console.log(`finance: invoice ${invoice.id} ${isNew ? "created" : "is there already"}`)
    yield* Effect.sleep("30 millis")
  }
  for (const id of cancelled) {
    const isNew = yield* finance.cancel(id, "ordered twice")
    yield* Console.log(`finance: invoice ${id} ${isNew ? "cancelled" : "is cancelled already"}`)
  }
})

/** Waits until every event is settled: retries included. */
const untilSettled = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const processor = yield* Processor
  for (const { id } of yield* sql<{ id: string }>`SELECT id::text AS id FROM outbox_event ORDER BY position`) {
    yield* processor.settled(id)
  }
  yield* processor.drain
})

const report = Effect.gen(function* () {
  const { deliveries, events, total } = yield* (yield* Processor).stats
  const tasks = yield* (yield* Tasks).counts
  const links = yield* LinkStore.findByLinkType("cascade")
  const delivered = deliveries["operations.tasks"]
  yield* Console.log(`
events      ${total} (${events.processed} processed, ${events.dead_letter} dead letter, ${events.pending} pending)
deliveries  ${delivered?.processed} processed, ${delivered?.dead_letter} dead letter
tasks       ${tasks.open} open, ${tasks.cancelled} cancelled
links       ${links.length}`)
  const sql = yield* SqlClient.SqlClient
  const dead = yield* sql<{ id: string; error: string }>`
    SELECT e.aggregate_id AS id, i.last_error AS error
    FROM inbox_event AS i JOIN outbox_event AS e ON e.id = i.outbox_event_id
    WHERE i.status = 'dead_letter'`
  for (const { error, id } of dead) yield* Console.log(`dead letter ${id}: ${error}`)
})

const Live = Layer.mergeAll(Operations.layer, Invoices.layer).pipe(
  Layer.provideMerge(Tasks.layer),
  Layer.provideMerge(Integration.layer({ settings: { retryBaseDelayMs: 200 } })),
  Layer.provideMerge(Database.layer),
  Layer.provideMerge(Logger.layer([readable]))
)

const program = Effect.gen(function* () {
  yield* Console.log(`The demo runs on ${Database.where}\n`)
  yield* publish
  yield* untilSettled
  yield* report
})

await Effect.runPromise(program.pipe(Effect.provide(Live)))
