/**
 * What entities are linked with, step by step.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Entity } from "../model/DomainEvent.ts"
import type { Link, LinksAround } from "../stores/LinkStore.ts"
import type { EntityGraph, GraphEntity } from "./EntityGraph.ts"

/** Links of a graph at most. */
const mostLinks = 1000

/** Links that are read in one step, about. */
const linksInStep = 2000

const keyOf = ({ entityId, entityType, module }: Entity) => JSON.stringify([module, entityType, entityId])

/** Links that are read of one entity and end, when those of so many are. */
const linksEach = (entities: number, limit: number) =>
  Math.min(Math.max(limit, 10), Math.max(10, Math.floor(linksInStep / entities)))

/**
 * The graph around an entity, by distance.
 *
 * @param around - reads the links of several
 * @param limit - entities at most
 */
export const graphOf = Effect.fnUntraced(function* (
  around: (entities: ReadonlyArray<Entity>, limit: number) => Effect.Effect<LinksAround, StoreError>,
  entity: Entity,
  hops: number,
  limit: number
): Effect.fn.Return<EntityGraph, StoreError> {
  const entities = new Map<string, GraphEntity>([[keyOf(entity), { entity, hops: 0 }]])
  const links = new Map<string, Link>()
  let isComplete = true
  let edge: ReadonlyArray<Entity> = [entity]
  for (let hop = 1; hop <= hops && edge.length > 0; hop++) {
    const found = yield* around(edge, linksEach(edge.length, limit))
    if (found.isCut) isComplete = false
    const fresh: Array<Entity> = []
    // The latest first, for when there are too many.
    for (const link of found.links.toReversed()) {
      const others = [link.source, link.target].filter((end) => !entities.has(keyOf(end)))
      if (entities.size + others.length > limit || (links.size >= mostLinks && !links.has(link.id))) {
        isComplete = false
        continue
      }
      for (const other of others) {
        if (entities.has(keyOf(other))) continue
        entities.set(keyOf(other), { entity: other, hops: hop })
        fresh.push(other)
      }
      links.set(link.id, link)
    }
    edge = fresh
  }
  const byAge = (a: Link, b: Link) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1)
  return { entities: [...entities.values()], links: [...links.values()].toSorted(byAge), isComplete }
})
