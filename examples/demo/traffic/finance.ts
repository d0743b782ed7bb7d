/** Finance's consumers: payments, which need the provider; the ledger, in batches; reminders. */
import { Data, Effect } from "effect"
import { Consumer, LinkStore, Publisher, Subscriber } from "../../../src/index.ts"
import { LimitReached } from "../../crm/balance.ts"
import { CustomerCharged } from "../../finance/events.ts"
import { PaymentCaptured, ReminderSent } from "./events.ts"
import { outage, PaymentProvider } from "./provider.ts"

/** Outside of any transaction: the provider has a key by which it captures each payment once. */
const capturePayment = Subscriber.make({
  consumer: Consumer.make("finance.payments", {
    mode: "leased",
    concurrency: 8,
    maxAttempts: outage.attempts,
    retryBaseDelay: "300 millis"
  }),
  event: CustomerCharged,
  handler: Effect.fn("capturePayment")(function* ({ aggregate, attempt, deliveryId, payload: { amount, customer } }) {
    const provider = yield* PaymentProvider
    yield* provider.capture({ key: deliveryId, customer, amount, attempt })
    const paymentId = `PAY-${deliveryId.slice(-8)}`
    yield* Publisher.publish(PaymentCaptured, { paymentId, customer, amount })
    yield* LinkStore.create({
      source: { module: "finance", entityType: "Payment", entityId: paymentId },
      target: aggregate,
      linkType: "reference"
    })
  })
})

const bookPayments = Subscriber.batch({
  consumer: Consumer.make("finance.ledger", { batchSize: 50 }),
  event: PaymentCaptured,
  handler: (events) => Effect.succeed(events.map(Subscriber.processed))
})

class MailServerBusy extends Data.TaggedError("MailServerBusy")<{ readonly customer: string }> {
  override get message() {
    return `the mail server is busy: the reminder of customer ${this.customer} has to come again`
  }
}

/** Its first attempt fails always, and the second succeeds. */
const remind = Subscriber.make({
  consumer: "finance.reminders",
  event: LimitReached,
  handler: Effect.fn("remind")(function* ({ attempt, payload }) {
    if (attempt === 1) {
      return yield* Subscriber.retryAfter("3 seconds", new MailServerBusy({ customer: payload.customer }))
    }
    yield* Publisher.publish(ReminderSent, payload)
  })
})

/** Of the release before this one: it is served while the traffic starts, and never again. */
export const retired = Subscriber.make({
  consumer: "finance.credit-checks",
  event: [LimitReached, ReminderSent],
  handler: () => Effect.void
})

export const subscribers = [capturePayment, bookPayments, remind] as const
