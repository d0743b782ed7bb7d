/**
 * What waits behind dead letters that were discarded.
 *
 * @internal
 */
import { Effect } from "effect"
import { delayedOf, onDeadLetterOf } from "../model/Consumer.ts"
import type { Changed } from "../stores/DeadLetterStore.ts"
import type { InboxStore } from "../stores/InboxStore.ts"
import type { Registry } from "./Registry.ts"

interface Services {
  readonly inbox: InboxStore["Service"]
  readonly registry: Registry["Service"]
}

/** Lets what waits behind these deliveries go on. */
export const unparkChanged = Effect.fnUntraced(function* (
  { inbox, registry }: Services,
  changed: ReadonlyArray<Changed>
) {
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
