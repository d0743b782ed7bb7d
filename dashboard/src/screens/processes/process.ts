/** What a process is called. */
import type { Replica } from "../../api/wire.ts"
import { shortId } from "../../words/entities.ts"

/** `worker-3 · 4711`: where it runs and its number there; its id where neither is known. */
export const placeOf = ({ host, id, pid }: Replica): string => {
  const known = [host, pid === null ? null : `pid ${pid}`].filter((part) => part !== null)
  return known.length === 0 ? shortId(id) : known.join(" · ")
}
