/**
 * `npm run demo`: finance creates and cancels invoices, operations makes linked tasks of them, CRM keeps the customers'
 * balances. One handler fails twice before it succeeds, another always fails and ends as a dead letter. Kill it at any
 * moment and start it again: it goes on from what is there, and ends with the same numbers.
 */
import { Console, Effect, Layer, Logger } from "effect"
import { InboxStore, LinkStore, OutboxStore, Processor, Subscriber } from "../../src/index.ts"
import { Balance, LimitReached } from "../crm/balance.ts"
import { CustomerCharged, CustomerRefunded, InvoiceCancelled, InvoiceCreated } from "../finance/events.ts"
import { Invoices } from "../finance/Invoices.ts"
import * as Operations from "../operations/subscribers.ts"
import { Tasks } from "../operations/Tasks.ts"
import * as Stores from "./stores.ts"

/** Twelve invoices: one of a customer nobody knows yet, one nobody can process, two that are cancelled. */
const invoices = Array.from({ length: 12 }, (_, index) => ({
  id: `INV-${String(index + 1).padStart(2, "0")}`,
  customer: index === 4 ? "newcomer" : index % 3 === 0 ? "acme" : "globex",
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

const definitions = [InvoiceCreated, InvoiceCancelled, CustomerCharged, CustomerRefunded, LimitReached]

/** Waits until every event is settled: retries included. */
const untilSettled = Effect.gen(function* () {
  const outbox = yield* OutboxStore
  const processor = yield* Processor
  for (const { name } of definitions) {
    for (const { id } of yield* outbox.findByName(name, 0n, 100)) yield* processor.settled(id)
  }
  yield* processor.drain
})

const report = Effect.gen(function* () {
  const { deliveries, events, total } = yield* (yield* Processor).stats
  const tasks = yield* (yield* Tasks).counts
  const links = yield* LinkStore.findByLinkType("cascade")
  const delivered = deliveries["operations.tasks"]
  const balances = (yield* Balance.states()).items.map((item) => `${item.aggregate.entityId} ${item.state.balance}`)
  yield* Console.log(`
events      ${total} (${events.processed} processed, ${events.dead_letter} dead letter, ${events.pending} pending)
deliveries  ${delivered?.processed} processed, ${delivered?.dead_letter} dead letter
tasks       ${tasks.open} open, ${tasks.cancelled} cancelled
links       ${links.length}
balances    ${balances.toSorted().join(", ")}`)
  const inbox = yield* InboxStore
  const outbox = yield* OutboxStore
  for (const { eventId, lastError, status } of yield* inbox.findByConsumer("operations.tasks", undefined, 100)) {
    if (status !== "dead_letter") continue
    yield* Console.log(`dead letter ${(yield* outbox.findById(eventId))?.aggregateId}: ${lastError}`)
  }
})

const Live = Layer.mergeAll(Operations.layer, Subscriber.layer(...Balance.subscribers)).pipe(
  Layer.provideMerge(Stores.layer),
  Layer.provideMerge(Logger.layer([readable]))
)

const program = Effect.gen(function* () {
  yield* Console.log(`The demo runs on ${Stores.where}\n`)
  yield* publish
  yield* untilSettled
  yield* report
})

await Effect.runPromise(program.pipe(Effect.provide(Live)))
