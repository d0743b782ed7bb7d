/**
 * What entities are linked with.
 *
 * @since 0.1.0
 */
import type { Entity } from "../model/DomainEvent.ts"
import type { Link } from "../stores/LinkStore.ts"

/** An entity of a graph. @since 0.1.0 */
export interface GraphEntity {
  readonly entity: Entity
  /** Links between it and the first one, at least. */
  readonly hops: number
}

/** Entities and the links between them. @since 0.1.0 */
export interface EntityGraph {
  /** The one that was asked for first, then by distance. */
  readonly entities: ReadonlyArray<GraphEntity>
  /** Both their ends are among the entities. In the order they were created. */
  readonly links: ReadonlyArray<Link>
  /** False when there are more entities, or links, within these hops. */
  readonly isComplete: boolean
}
