/**
 * A filter that covers nothing, and names a consumer: is there one?
 *
 * @internal
 */
import { Effect } from "effect"
import { consumerNotFound } from "../errors/consumerNotFound.ts"
import type { SubscriptionStore } from "../stores/SubscriptionStore.ts"

/**
 * Fails with `ConsumerNotFound` for a consumer that was never registered: one that is misspelt has no dead letters, so that it would look
 * as if there were nothing to do. To be asked only where nothing was found: tables that were taken over may have dead letters of consumers
 * that nobody has registered.
 */
export const checkConsumer = Effect.fnUntraced(function* (
  subscriptions: SubscriptionStore["Service"],
  consumer: string
) {
  const names = (yield* subscriptions.consumers).map((each) => each.consumer)
  if (!names.includes(consumer)) return yield* consumerNotFound(consumer, names)
})
