/** Entities as text: `finance/Invoice/42`. */
import type { Entity } from "../api/wire.ts"

export const entityText = ({ entityId, entityType, module }: Entity): string => `${module}/${entityType}/${entityId}`

/** From what was typed; an id may hold slashes. Undefined if a part is missing. */
export const entityOf = (text: string): Entity | undefined => {
  const [module = "", entityType = "", ...rest] = text.trim().split("/")
  const entityId = rest.join("/")
  return module === "" || entityType === "" || entityId === "" ? undefined : { module, entityType, entityId }
}

/** The first and last characters of an id: enough to tell one from another at a glance. */
export const shortId = (id: string): string => (id.length > 14 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id)
