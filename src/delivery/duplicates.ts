/**
 * Two handlers of one consumer for one event.
 *
 * @internal
 */
import { DuplicateSubscriber } from "../errors/DeclarationErrors.ts"
import { overlap } from "../model/eventPattern.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"

type Declared = Pick<Subscriber, "consumer" | "events" | "declaredAt">

/** What is wrong with a subscriber beside others, if one of these handles some of the same events for the same consumer. */
export const findDuplicate = (
  others: ReadonlyArray<Declared>,
  subscriber: Declared
): DuplicateSubscriber | undefined => {
  for (const other of others) {
    if (other.consumer.name !== subscriber.consumer.name) continue
    for (const event of subscriber.events) {
      const existing = other.events.find((candidate) => overlap(candidate, event))
      if (existing === undefined) continue
      return new DuplicateSubscriber({
        consumer: subscriber.consumer.name,
        event,
        existing,
        declaredAt: other.declaredAt,
        refusedAt: subscriber.declaredAt
      })
    }
  }
  return undefined
}
