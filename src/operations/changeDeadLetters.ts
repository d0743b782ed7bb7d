/**
 * Requeueing and discarding: of given deliveries, and of all that a filter covers.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Registry } from "../delivery/Registry.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { delayedOf, onDeadLetterOf } from "../model/Consumer.ts"
import type { Changed, DeadLetterStore } from "../stores/DeadLetterStore.ts"
import type { InboxStore } from "../stores/InboxStore.ts"
import type { Transactor } from "../stores/Transactor.ts"
import type { Notifier } from "../wakeups/Notifier.ts"
import type { Filter } from "./DeadLetterSelection.ts"
import { toStoreFilter } from "./deadLetterFilter.ts"

/** What changing dead letters needs. */
export interface Services {
  readonly store: DeadLetterStore["Service"]
  readonly inbox: InboxStore["Service"]
  readonly registry: Registry["Service"]
  readonly notifier: Notifier["Service"]
  readonly transactor: Transactor["Service"]
}

/** Dead letters that are requeued or discarded in one transaction. */
const batch = 500

const wake = ({ notifier, transactor }: Services, changed: ReadonlyArray<Changed>) =>
  transactor.afterCommit(notifier.announce(new Set(changed.map(({ consumer }) => consumer))))

/** Opens deliveries again, with a payload of their own if one is given. Returns how many there were. */
export const requeue = Effect.fnUntraced(function* (
  services: Services,
  deliveryIds: ReadonlyArray<string>,
  payload: string | undefined
) {
  const changed = yield* services.store.requeue(deliveryIds, payload)
  yield* wake(services, changed)
  return changed.length
})

/** Lets what waits behind these deliveries go on. */
const unpark = Effect.fnUntraced(function* ({ inbox, registry }: Services, changed: ReadonlyArray<Changed>) {
  const consumers = yield* registry.consumers
  for (const [name, each] of Map.groupBy(changed, ({ consumer }) => consumer)) {
    const keys = [...new Set(each.flatMap(({ orderingKey }) => orderingKey ?? []))]
    const consumer = consumers.find((candidate) => candidate.name === name)
    // Not served here: with the stricter rules nothing is unparked that should wait; who serves it looks for the rest.
    const onDeadLetter = (consumer === undefined ? undefined : onDeadLetterOf(consumer)) ?? "park"
    const delayed = consumer === undefined ? "hold" : delayedOf(consumer)
    yield* inbox.unpark({ consumer: name, keys, onDeadLetter, delayed })
  }
})

/** Ends deliveries as skipped. Returns how many there were. */
export const discard = (services: Services, deliveryIds: ReadonlyArray<string>, reason: string | undefined) =>
  services.transactor.withTransaction(
    Effect.gen(function* () {
      const changed = yield* services.store.discard(deliveryIds, reason)
      yield* unpark(services, changed)
      yield* wake(services, changed)
      return changed.length
    })
  )

/**
 * Changes all that a filter covers, page by page: those that had given up by now, as what gives up again meanwhile is
 * not taken twice. Returns how many were changed.
 *
 * @param change - changes the deliveries of one page, and says how many
 */
export const eachPage = Effect.fnUntraced(function* (
  store: DeadLetterStore["Service"],
  filter: Filter,
  change: (deliveryIds: ReadonlyArray<string>) => Effect.Effect<number, StoreError>
) {
  const stored = yield* toStoreFilter(filter, true)
  let count = 0
  let after: string | undefined
  for (;;) {
    const page = yield* store.list(stored, after, batch)
    if (page.length > 0) count += yield* change(page.map(({ deliveryId }) => deliveryId))
    if (page.length < batch) return count
    after = page.at(-1)?.cursor
  }
})
