/** What happened to a consumer beside its work: thin lines in its charts. */
import { useMemo } from "react"
import { useAsk } from "../../api/asking.ts"
import type { Span } from "./asked.ts"

const verbs: Readonly<Record<string, string>> = {
  "consumers.pause": "paused",
  "consumers.resume": "resumed",
  "consumers.retire": "retired"
}

/** Starts of processes that serve it, and what people did to it. */
export const useMarks = (consumer: string, { from, fromMillis, to, toMillis }: Span) => {
  const replicas = useAsk("/replicas", {}, { every: 60_000 }).data
  const audit = useAsk(
    "/audit",
    { query: { target: consumer, since: from, until: to, limit: 50 } },
    { every: 60_000 }
  ).data
  return useMemo(() => {
    const starts = (replicas ?? [])
      .filter(({ consumers }) => consumers.includes(consumer))
      .map(({ startedAt }) => ({ at: Date.parse(startedAt), label: "a process started" }))
    const changes = (audit?.items ?? [])
      .filter(({ action, outcome }) => outcome === "done" && action in verbs)
      .map(({ action, at, who }) => ({ at: Date.parse(at), label: `${verbs[action]} by ${who}` }))
    return [...starts, ...changes]
      .filter(({ at }) => at >= fromMillis && at < toMillis)
      .toSorted((one, other) => one.at - other.at)
  }, [replicas, audit, consumer, fromMillis, toMillis])
}
