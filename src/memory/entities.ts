/**
 * Entities as parts of rows and keys.
 *
 * @internal
 */
import type { Entity } from "../model/DomainEvent.ts"

export const partsOf = ({ entityId, entityType, module }: Entity): ReadonlyArray<string> => [
  module,
  entityType,
  entityId
]

export const isSameEntity = (a: Entity, b: Entity): boolean =>
  a.module === b.module && a.entityType === b.entityType && a.entityId === b.entityId
