/**
 * What a consumer has had open for the longest time.
 *
 * @internal
 */
import type { ConsumerDetails } from "../../admin/model/consumers.ts"
import type { Surface } from "./style.ts"
import { table } from "./table.ts"
import { count, entityName, when } from "./words.ts"

export const oldestTable = (surface: Surface, { deliveries, isCut }: ConsumerDetails["oldest"], now: Date): string => {
  const rows = table(
    surface,
    [
      { title: "event", isFlexible: true },
      { title: "event id" },
      { title: "aggregate", isFlexible: true },
      { title: "state" },
      { title: "attempts", isRight: true },
      { title: "stored" }
    ],
    deliveries.map(({ aggregate, attemptCount, createdAt, eventId, eventName, state }) => [
      eventName,
      eventId,
      entityName(aggregate),
      state,
      count(attemptCount),
      when(surface, createdAt, now)
    ])
  )
  return isCut
    ? `${rows}\nLooked for among the first 1,000 that wait, 1,000 leased and 1,000 parked: there may be older ones.`
    : rows
}
