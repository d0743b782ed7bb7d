/**
 * Ends durable subscriptions nobody serves any more.
 *
 * @internal
 */
import { Effect } from "effect"
import { ConsumerStillServed } from "../../errors/OperationErrors.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import { entryOf } from "../../stores/AuditStore.ts"
import { repeatAlone } from "../../stores/contention.ts"
import type { RetireScope } from "../../stores/SubscriptionStore.ts"
import type { Engine } from "../engine.ts"
import { unseenMillis } from "../maintenance/maintenance.ts"
import type { Retired } from "../Retired.ts"

const listed = 1000

/**
 * The consumer's subscriptions that are meant, and what nobody will be interested in without them. With all of them that is
 * everything, also what was published while they were retired before.
 */
const scopeOf = Effect.fnUntraced(function* (
  engine: Engine,
  consumer: string,
  event: string | undefined
): Effect.fn.Return<RetireScope & { readonly ends: ReadonlyArray<string> }, StoreError> {
  const all = (yield* engine.subscriptions.all).filter((_) => _.consumer === consumer).map((_) => _.event)
  return event === undefined
    ? { consumer, ends: all, events: ["*"], except: [] }
    : { consumer, ends: [event], events: [event], except: all.filter((subscribed) => subscribed !== event) }
})

/** What `Processor.retire` is asked. @since 0.1.0 */
export interface Options {
  readonly event?: string
  readonly open?: "list" | "skip"
  readonly force?: boolean
  readonly reason?: string
}

/** Fails when a process has a handler for what is to end. What this process has is known here, before it is recorded. */
const refuseServed = Effect.fnUntraced(function* (engine: Engine, consumer: string, { event, force }: Options) {
  if (force === true) return
  const { id } = engine.replicas
  const here = { id, host: null, pid: null, served: engine.registry.interestOf(consumer) }
  const others = yield* engine.replicas.serving(consumer, unseenMillis(yield* engine.settings.current))
  for (const { host, id: replica, pid, served } of [here, ...others.filter((other) => other.id !== id)]) {
    const found = [...served.names, ...served.patterns].find((each) => event === undefined || each === event)
    if (found === undefined) continue
    return yield* new ConsumerStillServed({ consumer, event: found, replica, host, pid, isHere: replica === id })
  }
})

const retiredEntry = (consumer: string, { event, open, reason }: Options, skipped: number) =>
  entryOf({
    action: "consumers.retire",
    target: consumer,
    reason: reason ?? null,
    affected: skipped,
    details: { event: event ?? null, open: open ?? "list" }
  })

export const retire = Effect.fn("Processor.retire")(function* (
  engine: Engine,
  consumer: string,
  options: Options
): Effect.fn.Return<Retired, ConsumerStillServed | StoreError> {
  yield* refuseServed(engine, consumer, options)
  const end = engine.transactor.withTransaction(
    Effect.gen(function* () {
      const scope = yield* scopeOf(engine, consumer, options.event)
      const open = yield* engine.subscriptions.open(scope, listed)
      if (open.length > 0 && options.open !== "skip") return { ended: 0, open, skipped: 0 }
      const ended = yield* engine.subscriptions.remove(consumer, scope.ends)
      const skipped = yield* engine.subscriptions.skipOpen(scope)
      // Who has begun to serve it meanwhile said so first. Who begins now waits for this transaction, and subscribes anew.
      yield* refuseServed(engine, consumer, options)
      if (ended > 0 || skipped > 0) yield* engine.audit.add(yield* retiredEntry(consumer, options, skipped))
      return { ended, open: [], skipped }
    })
  )
  return yield* repeatAlone(engine.transactor.isOpen)(end)
})
