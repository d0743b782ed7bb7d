/** The demo's own part: twelve invoices, and what becomes of them. */
import { Console, Effect, Layer } from "effect"
import { InboxStore, LinkStore, OutboxStore, Processor, Subscriber } from "../../src/index.ts"
import { Balance } from "../crm/balance.ts"
import { Invoices } from "../finance/Invoices.ts"
import * as Operations from "../operations/subscribers.ts"
import { Tasks } from "../operations/Tasks.ts"

/** Twelve invoices: one of a customer nobody knows yet, one nobody can process, two that are cancelled. */
const invoices = Array.from({ length: 12 }, (_, index) => ({
  id: `INV-${String(index + 1).padStart(2, "0")}`,
  customer: index === 4 ? "newcomer" : index % 3 === 0 ? "acme" : "globex",
  amount: index === 7 ? -1 : 100 * (index + 1)
}))

const cancelled = ["INV-02", "INV-11"]

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

/** Waits until the consumers served here have nothing left: retries included. */
const untilSettled = Processor.use((processor) => processor.allSettled())

/** Of how many customers the balance is told: with traffic there are more. */
const shownBalances = 10

const report = Effect.gen(function* () {
  const { deliveries, events, total } = yield* (yield* Processor).stats
  const tasks = yield* (yield* Tasks).counts
  const links = yield* LinkStore.findByLinkType("cascade")
  const delivered = deliveries["operations.tasks"]
  const balances = (yield* Balance.states()).items
    .map(({ aggregate, state }) => `${aggregate.entityId} ${Number(state.balance.toFixed(2))}`)
    .toSorted()
  yield* Console.log(`
events      ${total} (${events.processed} processed, ${events.dead_letter} dead letter, ${events.pending} pending)
deliveries  ${delivered?.processed} processed, ${delivered?.dead_letter} dead letter
tasks       ${tasks.open} open, ${tasks.cancelled} cancelled
links       ${links.length}
balances    ${balances.slice(-shownBalances).join(", ")}`)
  const inbox = yield* InboxStore
  const outbox = yield* OutboxStore
  for (const { eventId, lastError, status } of yield* inbox.findByConsumer("operations.tasks", undefined, 100)) {
    if (status !== "dead_letter") continue
    yield* Console.log(`dead letter ${(yield* outbox.findById(eventId))?.aggregateId}: ${lastError}`)
  }
})

/** Publishes, waits until everything is settled, and says what there is. */
export const story = Effect.andThen(publish, Effect.andThen(untilSettled, report))

/** What reacts to it, in operations and CRM. */
export const consumers = Layer.merge(Operations.layer, Subscriber.layer(...Balance.subscribers))
