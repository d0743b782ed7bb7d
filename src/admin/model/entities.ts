/**
 * Entities and their links, as the administration tells them.
 *
 * @internal
 */
import { Schema } from "effect"
import { Entity, pageFields } from "./common.ts"
import { DeliveryStatus } from "./statuses.ts"

/** A link between two entities. @since 0.1.0 */
export const Link = Schema.Struct({
  id: Schema.String,
  source: Entity,
  target: Entity,
  linkType: Schema.Literals(["reference", "cascade", "aggregate_root"]),
  createdAt: Schema.Date
}).annotate({ identifier: "Link" })

/** @since 0.1.0 */
export type Link = typeof Link.Type

/** An entity, and which page of what is told of it. @since 0.1.0 */
export const EntityQuery = Schema.Struct({
  ...Entity.fields,
  ...pageFields,
  /** How far links are followed: 0 to 3. */
  hops: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })))
}).annotate({ identifier: "EntityQuery" })

/** @since 0.1.0 */
export type EntityQuery = typeof EntityQuery.Type

/** Entities around one, with the links between them. @since 0.1.0 */
export const LinkGraph = Schema.Struct({
  entities: Schema.Array(Schema.Struct({ entity: Entity, hops: Schema.Int })),
  links: Schema.Array(Link),
  /** Whether there are no more within so many hops. */
  isComplete: Schema.Boolean
}).annotate({ identifier: "LinkGraph" })

/** @since 0.1.0 */
export type LinkGraph = typeof LinkGraph.Type

const momentFields = { at: Schema.Date, entity: Entity }

const eventFields = { eventId: Schema.String, eventName: Schema.String }

/** Something that happened to an entity: it was written about, a delivery of that was settled, or it was linked. @since 0.1.0 */
export const Moment = Schema.Union([
  Schema.Struct({ kind: Schema.tag("event"), ...momentFields, ...eventFields }),
  Schema.Struct({
    kind: Schema.tag("delivery"),
    ...momentFields,
    ...eventFields,
    deliveryId: Schema.String,
    consumer: Schema.String,
    status: DeliveryStatus,
    attemptCount: Schema.Int,
    lastError: Schema.NullOr(Schema.String)
  }),
  Schema.Struct({ kind: Schema.tag("link"), ...momentFields, link: Link })
]).annotate({ identifier: "Moment" })

/** @since 0.1.0 */
export type Moment = typeof Moment.Type

/** The life of an entity, the first moment first. @since 0.1.0 */
export const Life = Schema.Struct({
  moments: Schema.Array(Moment),
  next: Schema.optionalKey(Schema.String),
  isComplete: Schema.Boolean
}).annotate({ identifier: "Life" })

/** @since 0.1.0 */
export type Life = typeof Life.Type
