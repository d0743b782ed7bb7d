/** Moments that may explain a change: processes that began, settings that were changed, consumers that were paused. */
import { useAsk } from "../../api/asking.ts"
import type { AuditEntry, Replica } from "../../api/wire.ts"

export interface Mark {
  readonly at: number
  readonly label: string
}

/** Marks that a chart has at most: the last ones. */
const most = 40

const verbs: Readonly<Record<string, string>> = {
  "consumer.pause": "paused",
  "consumer.resume": "resumed",
  "consumer.retire": "retired",
  "setting.put": "changed",
  "setting.remove": "reset"
}

const ofReplica = ({ host, pid, startedAt }: Replica): Mark => ({
  at: new Date(startedAt).getTime(),
  label: `Process ${pid ?? ""}${host === null ? "" : ` on ${host}`} began`
})

const ofEntry = ({ action, at, outcome, target, who }: AuditEntry): ReadonlyArray<Mark> => {
  const verb = verbs[action]
  return verb === undefined || outcome !== "done"
    ? []
    : [{ at: new Date(at).getTime(), label: `${who} ${verb} ${target}` }]
}

/** @param span - in milliseconds since 1970 */
export const useMarks = (from: number, to: number): ReadonlyArray<Mark> => {
  const query = { since: new Date(from).toISOString(), until: new Date(to).toISOString(), limit: 200 }
  const replicas = useAsk("/replicas", {}, { every: 30_000 }).data ?? []
  const audit = useAsk("/audit", { query }, { every: 30_000 }).data?.items ?? []
  return [...replicas.map(ofReplica), ...audit.flatMap(ofEntry)]
    .filter(({ at }) => at >= from && at <= to)
    .toSorted((one, other) => one.at - other.at)
    .slice(-most)
}
