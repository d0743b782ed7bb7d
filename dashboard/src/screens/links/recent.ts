/** Entities that were looked at in this browser. */
import { keep, readKept } from "../../api/kept.ts"
import { makeStore } from "../../api/store.ts"

const key = "entities"

const most = 8

const stored = (): ReadonlyArray<string> => {
  try {
    const value: unknown = JSON.parse(readKept(key) ?? "[]")
    return Array.isArray(value) ? value.filter((each) => typeof each === "string").slice(0, most) : []
  } catch {
    return []
  }
}

const kept = makeStore(stored())

/** The last one first. */
export const useRecent = kept.use

export const remember = (entity: string) => {
  const next = [entity, ...kept.get().filter((each) => each !== entity)].slice(0, most)
  kept.set(next)
  keep(key, JSON.stringify(next))
}
