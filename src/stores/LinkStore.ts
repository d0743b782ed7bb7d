/**
 * Typed links between entities of different modules, which know nothing of each other's tables.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Schema } from "effect"
import type { InvalidIdentifier } from "../errors/DeclarationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Entity, Metadata } from "../model/DomainEvent.ts"

/** `reference`: mentions; `cascade`: lives and ends with; `aggregate_root`: belongs to. @since 0.1.0 */
export type LinkType = "reference" | "cascade" | "aggregate_root"

/** One row of `integration_link`. @since 0.1.0 */
export interface Link {
  readonly id: string
  readonly source: Entity
  readonly target: Entity
  readonly linkType: LinkType
  readonly metadata: Schema.Json | null
  readonly createdAt: Date
}

/** A link to be created. @since 0.1.0 */
export interface NewLink {
  /** Module and entity type up to 127 characters, id up to 255. */
  readonly source: Entity
  readonly target: Entity
  readonly linkType: LinkType
  /** JSON facts about the relation; default none. */
  readonly metadata?: Metadata
}

/** @since 0.1.0 */
export interface FindOptions {
  /** Only links of this type; default all. */
  readonly linkType?: LinkType
}

/** One page of the links of an entity. @since 0.1.0 */
export interface LinkPage {
  readonly links: ReadonlyArray<Link>
  /** `after` of the next page, digits; undefined on the last. */
  readonly next: string | undefined
}

/** Links around entities. @since 0.1.0 */
export interface LinksAround {
  /** Each once. */
  readonly links: ReadonlyArray<Link>
  /** An entity has more of them than were asked for. */
  readonly isCut: boolean
}

/**
 * Creates and finds links. Operations join the caller's transaction: in a handler, a link commits with its delivery.
 * Names and ids that cannot be stored fail with `InvalidIdentifier`, what the store refuses with `StoreError`; nothing
 * was written then. Lists are ordered by creation.
 *
 * @since 0.1.0
 */
export class LinkStore extends Context.Service<
  LinkStore,
  {
    /**
     * Creates a link, or returns the one that exists between the same ends with the same type; that one keeps its
     * metadata. In a leased handler it is created with the delivery's mark: until then its id is provisional.
     */
    readonly create: (link: NewLink) => Effect.Effect<Link, InvalidIdentifier | StoreError>
    /** Links that start at `source`. */
    readonly findOutbound: (
      source: Entity,
      options?: FindOptions
    ) => Effect.Effect<ReadonlyArray<Link>, InvalidIdentifier | StoreError>
    /** Links that end at `target`. */
    readonly findInbound: (
      target: Entity,
      options?: FindOptions
    ) => Effect.Effect<ReadonlyArray<Link>, InvalidIdentifier | StoreError>
    readonly findByLinkType: (linkType: LinkType) => Effect.Effect<ReadonlyArray<Link>, StoreError>
    /** Links between two entities, in either direction. */
    readonly findBidirectional: (
      one: Entity,
      other: Entity
    ) => Effect.Effect<ReadonlyArray<Link>, InvalidIdentifier | StoreError>
    /** Links from or to any of these entities: the last created, up to a limit. */
    readonly findConnected: (
      entities: ReadonlyArray<Entity>,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Link>, StoreError>
    /** Links from or to an entity, page by page. What a page costs does not follow from how many there are. */
    readonly page: (entity: Entity, after: string | undefined, limit: number) => Effect.Effect<LinkPage, StoreError>
    /**
     * The last created links from each of these entities, and the last to each of them, as many of both for each. Of an entity with more,
     * no more are read.
     */
    readonly around: (entities: ReadonlyArray<Entity>, limit: number) => Effect.Effect<LinksAround, StoreError>
    readonly findById: (id: string) => Effect.Effect<Link | undefined, StoreError>
    /** How many links start in a module. */
    readonly countFromModule: (module: string) => Effect.Effect<number, StoreError>
    /** Removes a link by id; returns whether it existed. */
    readonly remove: (id: string) => Effect.Effect<boolean, StoreError>
  }
>()("effect-integration/LinkStore") {
  /** Same as `create` on the service, taken from the context. @since 0.1.0 */
  static readonly create = (link: NewLink) => LinkStore.use((links) => links.create(link))
  /** Same as `findOutbound` on the service, taken from the context. @since 0.1.0 */
  static readonly findOutbound = (source: Entity, options?: FindOptions) =>
    LinkStore.use((links) => links.findOutbound(source, options))
  /** Same as `findInbound` on the service, taken from the context. @since 0.1.0 */
  static readonly findInbound = (target: Entity, options?: FindOptions) =>
    LinkStore.use((links) => links.findInbound(target, options))
  /** Same as `findByLinkType` on the service, taken from the context. @since 0.1.0 */
  static readonly findByLinkType = (linkType: LinkType) => LinkStore.use((links) => links.findByLinkType(linkType))
  /** Same as `findBidirectional` on the service, taken from the context. @since 0.1.0 */
  static readonly findBidirectional = (one: Entity, other: Entity) =>
    LinkStore.use((links) => links.findBidirectional(one, other))
  /** Same as `remove` on the service, taken from the context. @since 0.1.0 */
  static readonly remove = (id: string) => LinkStore.use((links) => links.remove(id))
}
