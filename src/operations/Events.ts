/**
 * Looking for events, and at one of them.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer } from "effect"
import { Registry } from "../delivery/Registry.ts"
import type { InvalidOption } from "../errors/DeclarationErrors.ts"
import { type EventNotDelivered, EventNotFound } from "../errors/OperationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { Settings } from "../settings/Settings.ts"
import type { AttemptRecord } from "../stores/Delivery.ts"
import type { EventDeliveryDetails, EventDetails } from "../stores/EventDetails.ts"
import { EventSearchStore } from "../stores/EventSearchStore.ts"
import type { EventSummary } from "../stores/EventSummary.ts"
import { type DeliveryAttempt, LineageStore } from "../stores/LineageStore.ts"
import { withStatementTimeout } from "../stores/unresponsive.ts"
import type { Filter } from "./EventSelection.ts"
import { invalid, toQuery } from "./eventFilter.ts"
import { rangeFrom, rangeOf } from "./eventRange.ts"
import { findEvents, type SearchLimits } from "./findEvents.ts"
import { type ReceivedPayload, receivedPayload, receivedVersionOf } from "./receivedPayload.ts"

export type { EventDelivery, EventSummary as Summary } from "../stores/EventSummary.ts"
export type { Filter, PayloadValue } from "./EventSelection.ts"
export type { ReceivedPayload } from "./receivedPayload.ts"

/** What a search found, and how far it looked. @since 0.1.0 */
export interface Found {
  /** `forward` when the filter names a correlation, or a cause, by an id that says when it was made: the oldest come first then. */
  readonly direction: "backward" | "forward"
  /** In the order of their ids, which is that of time. */
  readonly found: ReadonlyArray<EventSummary>
  /** How many rows were looked at. */
  readonly looked: number
  /** When the last event that was looked at was stored, found or not: backward, all since then; forward, all until then. */
  readonly lookedBackTo: Date | null
  /** `after` of the search that goes on; undefined when nothing is left to look at. */
  readonly next: string | undefined
  /** Nothing is left to look at. */
  readonly isComplete: boolean
}

/** A delivery with its failed attempts, oldest first: the last 1000 of the event. @since 0.1.0 */
export interface DeliveryWithAttempts extends EventDeliveryDetails {
  readonly attempts: ReadonlyArray<AttemptRecord>
  /** Version of the payload that its handler gets in this process: see `received`. Null where it has none that would take it. */
  readonly receivedVersion: number | null
}

/** An event with all that became of it. @since 0.1.0 */
export interface Details extends Omit<EventDetails, "deliveries"> {
  readonly deliveries: ReadonlyArray<DeliveryWithAttempts>
}

/** How a search is bounded. @since 0.1.0 */
export interface FindOptions extends Filter {
  /** `next` of the search before, with the same filter; default the beginning. */
  readonly after?: string
  /** Events at most, 1 to 200; default 50. */
  readonly limit?: number
  /** Rows to look at at most, 1 to 200,000; default 50,000. */
  readonly budget?: number
}

const mostFound = 200

const largestBudget = 200_000

const mostAttempts = 1000

const isCount = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most

const limitsOf = (limit: number, budget: number): Effect.Effect<SearchLimits, InvalidOption> => {
  if (!isCount(limit, mostFound)) return Effect.fail(invalid("limit", limit, `an integer from 1 to ${mostFound}`))
  if (!isCount(budget, largestBudget)) {
    return Effect.fail(invalid("budget", budget, `an integer from 1 to ${largestBudget}`))
  }
  return Effect.succeed({ limit, budget })
}

const toDetails = (
  details: EventDetails,
  attempts: ReadonlyArray<DeliveryAttempt>,
  registry: Registry["Service"]
): Details =>
  Object.defineProperty(
    {
      ...details,
      deliveries: details.deliveries.map((delivery) => ({
        ...delivery,
        receivedVersion: receivedVersionOf(registry, delivery.consumer, details) ?? null,
        attempts: attempts
          .filter(({ consumer }) => consumer === delivery.consumer)
          .map(({ consumer: _, eventId: __, ...attempt }) => attempt)
      }))
    },
    // It makes JSON of the position.
    "toJSON",
    { ...Object.getOwnPropertyDescriptor(details, "toJSON") }
  )

const make = Effect.gen(function* () {
  const store = yield* EventSearchStore
  const lineage = yield* LineageStore
  const registry = yield* Registry
  const engine = { settings: yield* Settings }
  const find = Effect.fnUntraced(function* (eventId: string) {
    const found = yield* withStatementTimeout(engine, "events.find", store.find(eventId))
    return found ?? (yield* new EventNotFound({ eventId }))
  })
  return Events.of({
    find: Effect.fn("Events.find")(function* ({ after, budget = 50_000, limit = 50, ...filter } = {}) {
      const limits = yield* limitsOf(limit, budget)
      const query = yield* toQuery(filter)
      const whole = rangeOf(query)
      const range = after === undefined ? whole : typeof after === "string" ? rangeFrom(whole, after) : undefined
      if (range === undefined) return yield* invalid("after", after, "the next of an earlier search with this filter")
      const { lastAt, ...search } = yield* findEvents(
        (request) => withStatementTimeout(engine, "events.slice", store.slice(request)),
        query,
        range,
        limits
      )
      return {
        direction: range.direction,
        ...search,
        lookedBackTo: lastAt,
        isComplete: search.next === undefined
      }
    }),
    get: Effect.fn("Events.get")(function* (eventId) {
      const found = yield* find(eventId)
      const attempts = withStatementTimeout(engine, "events.attempts", lineage.attemptsOf([found.id], mostAttempts))
      return toDetails(found, yield* attempts, registry)
    }),
    received: Effect.fn("Events.received")(function* (eventId, consumer) {
      return yield* receivedPayload(registry, yield* find(eventId), consumer)
    })
  })
})

/**
 * Looks for events without a search that takes longer the more there are: it reads slices of their ids, which are in the order of
 * time, up to a budget, and says how far it looked. Operations fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class Events extends Context.Service<
  Events,
  {
    /**
     * Events that a filter covers, the last first. An answer may hold fewer than there are, or none, and not be the last: `next` goes
     * on where it ended, so it is followed until it is undefined.
     *
     * Ids are what is ordered by. Those that are not of version 7 do not say when they were made: they come where they sort, and
     * filters by time, correlation or cause may pass over them.
     *
     * Fails with `InvalidOption`.
     */
    readonly find: (options?: FindOptions) => Effect.Effect<Found, InvalidOption | StoreError>
    /** One event with its documents, its deliveries and their failed attempts. Fails with `EventNotFound`. */
    readonly get: (eventId: string) => Effect.Effect<Details, EventNotFound | StoreError>
    /**
     * What the handler of a consumer gets of an event, which has a delivery for it: read and brought to its version as when it is handled,
     * by the handlers of this process. Nothing is written, and no handler is called.
     *
     * Fails with `EventNotFound`, and with `EventNotDelivered`.
     */
    readonly received: (
      eventId: string,
      consumer: string
    ) => Effect.Effect<ReceivedPayload, EventNotFound | EventNotDelivered | StoreError>
  }
>()("effect-integration/Events") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<Events, never, EventSearchStore | LineageStore | Registry | Settings> =
    Layer.effect(Events, make)
}
