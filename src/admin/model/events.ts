/**
 * Events, as the administration tells them.
 *
 * @internal
 */
import { Schema } from "effect"
import { Cursor, Entity, Limit, Text, Time } from "./common.ts"
import { Link } from "./entities.ts"
import { DeliveryStatus, EventStatus } from "./statuses.ts"

/** Which events are looked for, how many, and how far. @since 0.1.0 */
export const EventQuery = Schema.Struct({
  /** Names, or patterns with `*`. */
  name: Schema.optionalKey(Schema.Array(Text)),
  module: Schema.optionalKey(Schema.Array(Text)),
  status: Schema.optionalKey(Schema.Array(EventStatus)),
  consumer: Schema.optionalKey(Text),
  /** `module/Type/id`, or `Type/id`. */
  aggregate: Schema.optionalKey(Text),
  correlationId: Schema.optionalKey(Text),
  causationId: Schema.optionalKey(Text),
  since: Schema.optionalKey(Time),
  until: Schema.optionalKey(Time),
  /** `path=value`, as `customer.id=42`; a value that is no JSON is text. */
  payload: Schema.optionalKey(Schema.Array(Text)),
  /** What the payload's text contains. */
  text: Schema.optionalKey(Text),
  after: Schema.optionalKey(Cursor),
  limit: Schema.optionalKey(Limit),
  /** Events that are looked at, at most: 1 to 200,000; default 50,000. */
  budget: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200_000 })))
}).annotate({ identifier: "EventQuery" })

/** @since 0.1.0 */
export type EventQuery = typeof EventQuery.Type

/** An event without its documents. @since 0.1.0 */
export const EventSummary = Schema.Struct({
  id: Schema.String,
  eventName: Schema.String,
  schemaVersion: Schema.Int,
  sourceModule: Schema.String,
  aggregate: Entity,
  correlationId: Schema.NullOr(Schema.String),
  causationId: Schema.NullOr(Schema.String),
  origin: Schema.NullOr(Schema.String),
  createdAt: Schema.Date,
  isRouted: Schema.Boolean,
  status: EventStatus,
  deliveries: Schema.Array(
    Schema.Struct({
      consumer: Schema.String,
      status: DeliveryStatus,
      isOpen: Schema.Boolean,
      isParked: Schema.Boolean,
      attemptCount: Schema.Int
    })
  )
}).annotate({ identifier: "EventSummary" })

/** @since 0.1.0 */
export type EventSummary = typeof EventSummary.Type

/** What was found, and how far it was looked. @since 0.1.0 */
export const EventPage = Schema.Struct({
  /** `backward`: the last first. `forward`, when a correlation or a cause says where to begin: the first first. */
  direction: Schema.Literals(["backward", "forward"]),
  found: Schema.Array(EventSummary),
  /** Events that were looked at. */
  looked: Schema.Int,
  /** When the last one that was looked at was stored, found or not. */
  lookedBackTo: Schema.NullOr(Schema.Date),
  /** Where the search goes on, unless it is complete. */
  next: Schema.optionalKey(Schema.String),
  isComplete: Schema.Boolean
}).annotate({ identifier: "EventPage" })

/** @since 0.1.0 */
export type EventPage = typeof EventPage.Type

/** One failed attempt. @since 0.1.0 */
export const Attempt = Schema.Struct({
  attempt: Schema.Int,
  startedAt: Schema.Date,
  finishedAt: Schema.NullOr(Schema.Date),
  outcome: Schema.Literals(["started", "retry", "dead_letter", "failed"]),
  errorTag: Schema.NullOr(Schema.String),
  error: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Attempt" })

/** @since 0.1.0 */
export type Attempt = typeof Attempt.Type

/** What a parked delivery waits for: one of the same consumer and aggregate. @since 0.1.0 */
export const HoldingUp = Schema.Struct({
  deliveryId: Schema.String,
  eventId: Schema.String,
  eventName: Schema.String,
  status: DeliveryStatus,
  /** False: it gave up. */
  isOpen: Schema.Boolean,
  isParked: Schema.Boolean,
  attemptCount: Schema.Int,
  availableAt: Schema.NullOr(Schema.Date)
}).annotate({ identifier: "HoldingUp" })

/** @since 0.1.0 */
export type HoldingUp = typeof HoldingUp.Type

/** What became of an event for one consumer. @since 0.1.0 */
export const EventDelivery = Schema.Struct({
  deliveryId: Schema.String,
  consumer: Schema.String,
  status: DeliveryStatus,
  isOpen: Schema.Boolean,
  isParked: Schema.Boolean,
  attemptCount: Schema.Int,
  lastError: Schema.NullOr(Schema.String),
  errorTag: Schema.NullOr(Schema.String),
  availableAt: Schema.NullOr(Schema.Date),
  /** When it is parked; null also when nothing holds it up any more. */
  waitsFor: Schema.NullOr(HoldingUp),
  leasedUntil: Schema.NullOr(Schema.Date),
  createdAt: Schema.Date,
  processedAt: Schema.NullOr(Schema.Date),
  /** Its handler gets another payload than the event's. */
  isEdited: Schema.Boolean,
  /** That payload as JSON text; null when there is none, or it may not be seen. */
  payloadOverride: Schema.NullOr(Schema.String),
  /** Version of the payload that its handler gets in the process that answers; null where that has none that would take it. */
  receivedVersion: Schema.NullOr(Schema.Int),
  attempts: Schema.Array(Attempt)
}).annotate({ identifier: "EventDelivery" })

/** @since 0.1.0 */
export type EventDelivery = typeof EventDelivery.Type

/** How much of documents is shown. @since 0.1.0 */
export const Visibility = Schema.Literals(["none", "masked", "full"])

/** @since 0.1.0 */
export type Visibility = typeof Visibility.Type

/** An event with all there is of it. @since 0.1.0 */
export const EventDetails = Schema.Struct({
  id: Schema.String,
  eventName: Schema.String,
  schemaVersion: Schema.Int,
  sourceModule: Schema.String,
  aggregate: Entity,
  status: EventStatus,
  correlationId: Schema.NullOr(Schema.String),
  causationId: Schema.NullOr(Schema.String),
  traceparent: Schema.NullOr(Schema.String),
  dedupeKey: Schema.NullOr(Schema.String),
  origin: Schema.NullOr(Schema.String),
  createdAt: Schema.Date,
  isRouted: Schema.Boolean,
  /** JSON as text, so that no number changes; null if it is too large, or may not be seen. */
  payload: Schema.NullOr(Schema.String),
  metadata: Schema.NullOr(Schema.String),
  oversizeBytes: Schema.NullOr(Schema.Int),
  visibility: Visibility,
  deliveries: Schema.Array(EventDelivery)
}).annotate({ identifier: "EventDetails" })

/** @since 0.1.0 */
export type EventDetails = typeof EventDetails.Type

/** Whose look at an event is asked for. @since 0.1.0 */
export const ReceivedQuery = Schema.Struct({ consumer: Text }).annotate({ identifier: "ReceivedQuery" })

/** @since 0.1.0 */
export type ReceivedQuery = typeof ReceivedQuery.Type

/** What the handler of a consumer gets of an event. @since 0.1.0 */
export const ReceivedPayload = Schema.Struct({
  eventId: Schema.String,
  eventName: Schema.String,
  consumer: Schema.String,
  /**
   * `published`: as it was published. `edited`: as somebody edited it for this consumer. `upcast`: that, brought to the version that its
   * handler reads. `unreadable`: nothing, as it cannot be read. `elsewhere`: the process that answers has no handler that would take it.
   */
  state: Schema.Literals(["published", "edited", "upcast", "unreadable", "elsewhere"]),
  isEdited: Schema.Boolean,
  /** Version it was stored in. */
  schemaVersion: Schema.Int,
  /** Version that its handler gets; null for `elsewhere`. */
  receivedVersion: Schema.NullOr(Schema.Int),
  /**
   * JSON as text. Of `upcast` what the handler gets, in its stored form; else what is stored for the consumer. Null when it is too large,
   * cannot be written, or may not be seen.
   */
  payload: Schema.NullOr(Schema.String),
  /** As it was published. */
  originalPayload: Schema.NullOr(Schema.String),
  visibility: Visibility,
  /** Why it cannot be read, in the words that its delivery fails with; why nobody gets it here, or it is not told. */
  reason: Schema.NullOr(Schema.String),
  /** Of `unreadable`: what does not fit, and where. */
  problems: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String }))
}).annotate({ identifier: "ReceivedPayload" })

/** @since 0.1.0 */
export type ReceivedPayload = typeof ReceivedPayload.Type

/** An event in a tree of causes, without its branches: those name it by `causationId`. @since 0.1.0 */
export const LineageEvent = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  schemaVersion: Schema.Int,
  aggregate: Entity,
  timestamp: Schema.Date,
  correlationId: Schema.NullOr(Schema.String),
  causationId: Schema.NullOr(Schema.String),
  origin: Schema.NullOr(Schema.String),
  /** How far from the root. */
  depth: Schema.Int,
  deliveries: Schema.Array(
    Schema.Struct({
      deliveryId: Schema.String,
      consumer: Schema.String,
      status: DeliveryStatus,
      isOpen: Schema.Boolean,
      attemptCount: Schema.Int,
      lastError: Schema.NullOr(Schema.String)
    })
  ),
  links: Schema.Array(Link)
}).annotate({ identifier: "LineageEvent" })

/** @since 0.1.0 */
export type LineageEvent = typeof LineageEvent.Type

/** What an event came from, and what came of it: the root first, each cause before what it caused. @since 0.1.0 */
export const LineageTree = Schema.Struct({
  root: Schema.String,
  unknownCause: Schema.NullOr(Schema.String),
  events: Schema.Array(LineageEvent),
  /** Whether there is more than is shown. */
  isCut: Schema.Boolean,
  lookedUntil: Schema.Date
}).annotate({ identifier: "LineageTree" })

/** @since 0.1.0 */
export type LineageTree = typeof LineageTree.Type
