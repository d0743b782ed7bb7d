/** Which entity the address names, and how far around it one looks. */

import type { Entity } from "../../api/wire.ts"
import { useParams } from "../../parts/params.ts"
import { entityOf, entityText } from "../../words/entities.ts"

export type Hops = 1 | 2 | 3

export const hopsChoices: ReadonlyArray<Hops> = [1, 2, 3]

/** Where an entity is looked at, with the rest of the address as it is. */
export const hrefOfEntity = (entity: Entity, params = new URLSearchParams()): string => {
  const next = new URLSearchParams(params)
  next.set("entity", entityText(entity))
  return `/links?${next}`
}

export const useEntityPlace = () => {
  const [params, change] = useParams()
  const text = params.get("entity") ?? ""
  const hops = hopsChoices.find((each) => String(each) === params.get("hops")) ?? 1
  return {
    /** As it stands in the address. */
    text,
    /** Undefined when there is none, or it is not written as one. */
    entity: entityOf(text),
    hops,
    setHops: (next: Hops) => change({ hops: next === 1 ? undefined : String(next) }),
    hrefOf: (entity: Entity) => hrefOfEntity(entity, params)
  }
}
