/**
 * The handlers of one transaction: who handles a row, and with which services.
 *
 * @internal
 */
import { Cause, Context, Data, Equal, References, Tracer } from "effect"
import { HandlerTimeout } from "../../errors/HandlerErrors.ts"
import { type Consumer, isLeased } from "../../model/Consumer.ts"
import type { Subscriber } from "../../model/SubscriberValue.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import type { Engine } from "../engine.ts"
import { countEnded, runCounters } from "./countRun.ts"
import type { Snoozed } from "./outcome.ts"
import { CurrentTelemetry } from "./processSpan.ts"

/** Leaves the transaction, rolling it back: these are given back, in statements of their own. Compared by reference, as `Abandoned` is. */
export class PutBack extends Data.TaggedError("PutBack")<{
  readonly snoozed: ReadonlyArray<readonly [Claimed, Snoozed]>
}> {
  constructor(fields: { readonly snoozed: ReadonlyArray<readonly [Claimed, Snoozed]> }) {
    super(fields)
    Equal.byReferenceUnsafe(this)
  }
}

/**
 * Leaves the transaction, rolling it back; `candidates` are to be repeated alone. It is compared by reference: causes that are
 * put together are compared, and a handler's error may not bear to be read.
 */
export class Abandoned extends Data.TaggedError("Abandoned")<{
  readonly candidates: ReadonlyArray<Claimed>
  readonly cause: Cause.Cause<unknown>
}> {
  constructor(fields: { readonly candidates: ReadonlyArray<Claimed>; readonly cause: Cause.Cause<unknown> }) {
    super(fields)
    Equal.byReferenceUnsafe(this)
  }
}

export interface Handlers {
  /** Who handles a row. None if the subscriber was removed after the claim: it waits for somebody who has it. */
  readonly of: (row: Claimed) => Subscriber | undefined
  /** A handler's own services, and what the transaction brought. */
  readonly contextOf: (subscriber: Subscriber) => Context.Context<never>
}

/** The services of `inner` that `outer` does not have, or has another instance of. */
const added = (outer: Context.Context<never>, inner: Context.Context<never>): Context.Context<never> =>
  Context.makeUnsafe(new Map([...inner.mapUnsafe].filter(([key, service]) => outer.mapUnsafe.get(key) !== service)))

/**
 * A handler's services come from its own layer, which may hold other instances than the processor's. So the handler does
 * not simply run in the processor's context: only what the delivery's transaction put there is carried over.
 *
 * @param outer - the context before the transaction was opened
 * @param inner - the context in the transaction
 */
export const make = (
  engine: Engine,
  consumer: Consumer,
  outer: Context.Context<never>,
  inner: Context.Context<never>
): Handlers => {
  const brought = added(outer, inner)
  const contexts = new Map<Subscriber, Context.Context<never>>()
  // Neighbours are mostly of one name.
  let lastName: string | undefined
  let lastHandler: Subscriber | undefined
  return {
    of: ({ eventName }) => {
      if (eventName === lastName) return lastHandler
      lastName = eventName
      lastHandler = engine.registry.handlerFor(consumer.name, eventName)
      return lastHandler
    },
    contextOf: (subscriber) => {
      const known = contexts.get(subscriber)
      if (known !== undefined) return known
      const context = Context.merge(Context.merge(outer, subscriber.context), brought).pipe(
        Context.add(CurrentTelemetry, engine.telemetry),
        Context.add(References.TracerEnabled, engine.telemetry.isEnabled),
        // A handler begins with its event alone, not where its process was started.
        Context.omit(Tracer.ParentSpan)
      ) as Context.Context<never>
      contexts.set(subscriber, context)
      return context
    }
  }
}

/** The failure of deliveries whose handler took too long. */
export const timedOut = (
  engine: Engine,
  consumer: Consumer,
  candidates: ReadonlyArray<Claimed>,
  timeoutMillis: number
): Abandoned => {
  const cause = Cause.fail(
    new HandlerTimeout({
      consumer: consumer.name,
      eventName: candidates[0]?.eventName ?? "",
      timeoutMillis,
      // A leased handler is in no transaction that could hold it.
      singleSession: engine.capabilities.singleSession && !isLeased(consumer)
    })
  )
  countEnded(runCounters(engine, consumer), candidates, cause, timeoutMillis)
  return new Abandoned({ candidates, cause })
}
