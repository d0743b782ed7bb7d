/** CRM keeps each customer's balance: an actor, whose state is made of exactly the events that were handled. */
import { Effect, Schema } from "effect"
import { Actor, DomainEvent } from "../../src/index.ts"
import { CustomerCharged, CustomerRefunded } from "../finance/events.ts"

/** From here on somebody should talk to the customer. */
const limit = 2000

export const LimitReached = DomainEvent.define("customer.limit_reached", {
  sourceModule: "crm",
  aggregateType: "Customer",
  aggregateId: (reached) => reached.customer,
  payload: Schema.Struct({ customer: Schema.String, balance: Schema.Number })
})

export const Balance = Actor.make({
  consumer: "crm.balance",
  state: Schema.Struct({ balance: Schema.Number, isWarned: Schema.Boolean }),
  initial: { balance: 0, isWarned: false },
  handlers: (on) => [
    on(CustomerCharged, (state, { payload: { amount, customer } }) => {
      const balance = state.balance + amount
      return Effect.succeed(
        balance > limit && !state.isWarned
          ? Actor.reply({ balance, isWarned: true }, DomainEvent.publication(LimitReached, { customer, balance }))
          : { ...state, balance }
      )
    }),
    on(CustomerRefunded, (state, { payload }) => Effect.succeed({ ...state, balance: state.balance - payload.amount }))
  ]
})
