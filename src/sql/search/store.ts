/**
 * Looking for events, in PostgreSQL.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { printable } from "../../model/printable.ts"
import { isUuid } from "../../model/storable.ts"
import { EventSearchStore } from "../../stores/EventSearchStore.ts"
import { storeErrorsOf } from "../connection/errors.ts"
import { TableClient } from "../connection/tableClient.ts"
import { find } from "./details.ts"
import { moments } from "./moments.ts"
import { slice } from "./slice.ts"

export const layer: Layer.Layer<EventSearchStore, never, TableClient> = Layer.effect(
  EventSearchStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    const [sliceOf, momentsOf] = [slice(sql), moments(sql)]
    return EventSearchStore.of({
      slice: (request) => storeErrors("events.slice")(sliceOf(request)),
      find: (eventId) =>
        isUuid(eventId)
          ? storeErrors("events.find")(
              Effect.map(find(sql)(eventId), (found) => (found === undefined ? undefined : printable(found)))
            )
          : Effect.succeed(undefined),
      moments: (request) => storeErrors("events.moments")(momentsOf(request))
    })
  })
)
