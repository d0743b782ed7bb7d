/**
 * Ends durable subscriptions nobody serves any more.
 *
 * @internal
 */
import { Effect } from "effect"
import { ConsumerStillServed } from "../../errors/OperationErrors.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { RetireScope } from "../../stores/SubscriptionStore.ts"
import type { Engine } from "../engine.ts"
import type { Retired } from "../Retired.ts"

const listed = 1000

const scopeOf = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: string,
  event: string | undefined
): Effect.fn.Return<RetireScope, StoreError> {
  const all = (yield* engine.subscriptions.all).filter((subscription) => subscription.consumer === consumer)
  const isMeant = (subscribed: string) => event === undefined || subscribed === event
  return {
    consumer,
    events: all.map((_) => _.event).filter(isMeant),
    except: all.map((_) => _.event).filter((subscribed) => !isMeant(subscribed))
  }
})

export const retire = Effect.fn("Processor.retire")(function* (
  engine: Engine,
  consumer: string,
  options: { readonly event?: string; readonly open?: "list" | "skip" }
): Effect.fn.Return<Retired, ConsumerStillServed | StoreError> {
  const interest = engine.registry.interestOf(consumer)
  const served = [...interest.names, ...interest.patterns].find(
    (_) => options.event === undefined || _ === options.event
  )
  if (served !== undefined) return yield* new ConsumerStillServed({ consumer, event: served })
  const result = yield* engine.transactor.withTransaction(
    Effect.gen(function* () {
      const scope = yield* scopeOf(engine, consumer, options.event)
      const open = yield* engine.subscriptions.open(scope, listed)
      if (open.length > 0 && options.open !== "skip") return { ended: 0, open, skipped: [] }
      const ended = yield* engine.subscriptions.remove(consumer, scope.events)
      const skipped = yield* engine.subscriptions.skipOpen(scope)
      return { ended, open: [], skipped }
    })
  )
  yield* engine.rollUp.offer(result.skipped)
  return { ...result, skipped: result.skipped.length }
})
