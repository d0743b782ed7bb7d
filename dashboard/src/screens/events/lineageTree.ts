/** Events of a story as a tree. */
import type { LineageTree } from "../../api/wire.ts"

export type LineageEvent = LineageTree["events"][number]

export interface Branch {
  readonly event: LineageEvent
  readonly caused: ReadonlyArray<Branch>
}

/** From a list in which each cause is before what it caused. */
export const treeOf = (events: ReadonlyArray<LineageEvent>): Branch | undefined => {
  const caused = Map.groupBy(events.slice(1), ({ causationId }) => causationId)
  const branchOf = (event: LineageEvent): Branch => ({ event, caused: (caused.get(event.id) ?? []).map(branchOf) })
  return events[0] === undefined ? undefined : branchOf(events[0])
}
