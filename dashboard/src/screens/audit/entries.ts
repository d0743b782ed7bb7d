/** Entries of the audit, in pages, and where what they are about is shown. */
import { useInfiniteQuery } from "@tanstack/react-query"
import { useLive } from "../../api/live.ts"
import { type Problem, request } from "../../api/request.ts"
import type { Answer, AuditEntry } from "../../api/wire.ts"

export interface AuditFilter {
  readonly who?: string | undefined
  readonly action?: string | undefined
  readonly target?: string | undefined
  readonly since?: string | undefined
}

type Page = Answer<"GET", "/audit">

/** So many are asked for at a time. */
const pageSize = 50

const given = (filter: AuditFilter) =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))

/** The last first. While only the first page is shown, it follows what happens. */
export const useEntries = (filter: AuditFilter) => {
  const { isLive } = useLive()
  return useInfiniteQuery({
    queryKey: ["/audit", "pages", filter],
    queryFn: ({ pageParam, signal }): Promise<Page> =>
      request(
        "GET",
        "/audit",
        { query: { ...given(filter), limit: pageSize, ...(pageParam === undefined ? {} : { after: pageParam }) } },
        signal
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }: Page) => next,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
    refetchInterval: ({ state }) => (isLive && state.data?.pages.length === 1 ? 10_000 : false),
    throwOnError: (_: Problem) => false
  })
}

/** What people do, by its name in the audit. */
export const actions: Readonly<Record<string, string>> = {
  "consumers.pause": "paused a consumer",
  "consumers.resume": "resumed a consumer",
  "consumers.retire": "retired a consumer",
  "deadLetters.requeue": "requeued a dead letter",
  "deadLetters.edit": "edited the payload of a dead letter",
  "deadLetters.discard": "discarded a dead letter",
  "deadLetters.requeueAll": "requeued dead letters",
  "deadLetters.discardAll": "discarded dead letters",
  "operations.requeue": "started to requeue dead letters",
  "operations.discard": "started to discard dead letters",
  "operations.stop": "stopped an operation",
  "errorGroups.change": "changed an error group",
  "settings.change": "changed a setting"
}

const places: ReadonlyArray<readonly [kind: string, path: string]> = [
  ["consumers.", "/consumers"],
  ["settings.", "/settings"],
  ["operations.", "/operations"],
  ["errorGroups.", "/dead-letters"]
]

/** Where what it is about is shown; undefined if nowhere by its target alone. What was refused may have no place. */
export const placeOf = ({ action, outcome, target }: AuditEntry): string | undefined => {
  const path = places.find(([kind]) => action.startsWith(kind))?.[1]
  const isNamed = target !== "" && target !== "*" && (outcome === "done" || path !== "/operations")
  return path === undefined || !isNamed ? undefined : `${path}/${encodeURIComponent(target)}`
}
