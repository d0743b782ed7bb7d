/**
 * Requeueing and discarding: of given deliveries, and of all that a filter covers.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Registry } from "../delivery/Registry.ts"
import { unparkChanged } from "../delivery/unparkChanged.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { entryOf, type NewAuditEntry } from "../stores/AuditStore.ts"
import type { Changed, DeadLetterStore, Seen } from "../stores/DeadLetterStore.ts"
import type { InboxStore } from "../stores/InboxStore.ts"
import type { SubscriptionStore } from "../stores/SubscriptionStore.ts"
import { toStoredFilter } from "../stores/storedFilter.ts"
import type { Transactor } from "../stores/Transactor.ts"
import type { Notifier } from "../wakeups/Notifier.ts"
import { checkConsumer } from "./checkConsumer.ts"
import type { Filter } from "./DeadLetterSelection.ts"
import { toStoreFilter } from "./deadLetterFilter.ts"

/** What changing dead letters needs. */
export interface Services {
  readonly store: DeadLetterStore["Service"]
  readonly inbox: InboxStore["Service"]
  readonly registry: Registry["Service"]
  readonly notifier: Notifier["Service"]
  readonly transactor: Transactor["Service"]
  readonly subscriptions: SubscriptionStore["Service"]
}

/** Dead letters that are requeued or discarded in one transaction. */
const batch = 500

const wake = ({ notifier, transactor }: Services, changed: ReadonlyArray<Changed>) =>
  transactor.afterCommit(notifier.announce(new Set(changed.map(({ consumer }) => consumer))))

/** How deliveries are opened again. */
interface Requeueing {
  readonly audit: NewAuditEntry
  /** A payload of their own, as JSON text. */
  readonly payload?: string | undefined
  readonly seen?: Seen | undefined
}

/** Opens deliveries again. Returns how many there were. */
export const requeue = Effect.fnUntraced(function* (
  services: Services,
  deliveryIds: ReadonlyArray<string>,
  { payload, ...options }: Requeueing
) {
  const changed = yield* services.store.requeue(deliveryIds, payload, options)
  yield* wake(services, changed)
  return changed.length
})

/** Ends deliveries as skipped. Returns how many there were. */
export const discard = (
  services: Services,
  deliveryIds: ReadonlyArray<string>,
  reason: string | undefined,
  audit: NewAuditEntry
) =>
  services.transactor.withTransaction(
    Effect.gen(function* () {
      const changed = yield* services.store.discard(deliveryIds, reason, { audit })
      yield* unparkChanged(services, changed)
      yield* wake(services, changed)
      return changed.length
    })
  )

/**
 * Changes all that a filter covers, page by page: those that had given up by now, as what gives up again meanwhile is
 * not taken twice. Returns how many were changed. Each page has an entry of the audit. Fails with `ConsumerNotFound` where nothing was
 * covered, and there is no such consumer.
 *
 * @param change - changes the deliveries of one page, and says how many
 */
export const eachPage = Effect.fnUntraced(function* (
  { store, subscriptions }: Services,
  filter: Filter,
  action: string,
  reason: string | undefined,
  change: (deliveryIds: ReadonlyArray<string>, audit: NewAuditEntry) => Effect.Effect<number, StoreError>
) {
  const stored = yield* toStoreFilter(filter, true)
  const audit = yield* entryOf({ action, target: toStoredFilter(stored), reason: reason ?? null })
  let [found, count] = [0, 0]
  let after: string | undefined
  for (;;) {
    const page = yield* store.list(stored, after, batch)
    const ids = page.map(({ deliveryId }) => deliveryId)
    if (page.length > 0) count += yield* change(ids, audit)
    found += page.length
    if (page.length < batch) break
    after = page.at(-1)?.cursor
  }
  if (found === 0 && filter.consumer !== undefined) yield* checkConsumer(subscriptions, filter.consumer)
  return count
})
