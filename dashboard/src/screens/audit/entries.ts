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
  "consumer.pause": "paused a consumer",
  "consumer.resume": "resumed a consumer",
  "consumer.retire": "retired a consumer",
  "dead-letters.requeue": "requeued a dead letter",
  "dead-letters.discard": "discarded a dead letter",
  "dead-letters.requeue-all": "requeued dead letters",
  "dead-letters.discard-all": "discarded dead letters",
  "operation.start": "started an operation",
  "operation.stop": "stopped an operation",
  "error-group.change": "changed an error group",
  "setting.put": "stored a setting",
  "setting.remove": "removed what was stored of a setting"
}

const places: ReadonlyArray<readonly [kind: RegExp, path: string]> = [
  [/^consumers?\./, "/consumers"],
  [/^settings?\./, "/settings"],
  [/^operations?\.(start|stop)/, "/operations"],
  [/^(error-group|errorGroups)\./, "/dead-letters"]
]

/** Where what it is about is shown; undefined if nowhere by its target alone. */
export const placeOf = ({ action, target }: AuditEntry): string | undefined => {
  const path = places.find(([kind]) => kind.test(action))?.[1]
  return path === undefined || target === "" || target === "*" ? undefined : `${path}/${encodeURIComponent(target)}`
}
