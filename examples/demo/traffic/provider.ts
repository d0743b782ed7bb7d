/** The payment provider: somebody else's service, which is down when the traffic begins, and comes back. */
import { Context, Data, Effect, Layer, Ref } from "effect"

/** The consumer's attempts, and how many payments have failed in the last of them when it comes back: on a slow machine as many. */
export const outage = { attempts: 3, payments: 200 }

/** Of so many payments one has no answer at first. */
const oneIn = 40

class PaymentProviderDown extends Data.TaggedError("PaymentProviderDown")<{
  readonly customer: string
  readonly amount: number
}> {
  override get message() {
    return `the payment provider is down for maintenance (HTTP 503): ${this.amount.toFixed(2)} EUR of customer ${this.customer} were not captured`
  }
}

class PaymentProviderTimeout extends Data.TaggedError("PaymentProviderTimeout")<{ readonly request: string }> {
  override get message() {
    return `the payment provider did not answer request ${this.request} within 2000 ms`
  }
}

export interface Charge {
  /** The same in every attempt: the provider captures it once. */
  readonly key: string
  readonly customer: string
  readonly amount: number
  readonly attempt: number
}

export class PaymentProvider extends Context.Service<
  PaymentProvider,
  { readonly capture: (charge: Charge) => Effect.Effect<void, PaymentProviderDown | PaymentProviderTimeout> }
>()("examples/demo/PaymentProvider") {
  static readonly layer = Layer.effect(
    PaymentProvider,
    Effect.gen(function* () {
      const lost = yield* Ref.make(0)
      return {
        capture: Effect.fnUntraced(function* ({ amount, attempt, customer, key }) {
          if ((yield* Ref.get(lost)) < outage.payments) {
            if (attempt >= outage.attempts) yield* Ref.update(lost, (before) => before + 1)
            return yield* new PaymentProviderDown({ customer, amount })
          }
          const isUnlucky = Number.parseInt(key.slice(-6), 16) % oneIn === 0
          if (isUnlucky && attempt === 1) return yield* new PaymentProviderTimeout({ request: key })
          yield* Effect.sleep("15 millis")
        })
      }
    })
  )
}
