/** Lists that come page by page: more is asked for where it is wanted. */
import { useInfiniteQuery } from "@tanstack/react-query"
import type { AskOptions } from "./asking.ts"
import { useLive } from "./live.ts"
import { type Problem, request } from "./request.ts"
import type { Asked, AuditEntry, DeadLetter, ErrorGroup, Link, Operation } from "./wire.ts"

interface Lists {
  readonly "/audit": AuditEntry
  readonly "/dead-letters": DeadLetter
  readonly "/error-groups": ErrorGroup
  readonly "/links": Link
  readonly "/operations": Operation
}

interface Page<Item> {
  readonly items: ReadonlyArray<Item>
  readonly next?: string
}

/**
 * What a list holds, as far as it was asked for. The first page is asked for again while the page is live; once there are
 * more, only after changes, so that nothing jumps.
 */
export const useAskPages = <P extends keyof Lists>(
  path: P,
  query: NonNullable<Asked<"GET", P>["query"]>,
  { enabled = true, every = 10_000 }: AskOptions = {}
) => {
  const { isLive } = useLive()
  const asked = useInfiniteQuery({
    queryKey: [path, "pages", query],
    queryFn: async ({ pageParam, signal }) => {
      const after = pageParam === "" ? {} : { after: pageParam }
      const page: unknown = await request(
        "GET",
        path,
        { query: { ...(query as object), ...after } } as Asked<"GET", P>,
        signal
      )
      return page as Page<Lists[P]>
    },
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
    refetchInterval: ({ state }) => (isLive && every !== false && (state.data?.pages.length ?? 0) < 2 ? every : false),
    enabled
  })
  return { ...asked, error: asked.error as Problem | null, items: asked.data?.pages.flatMap(({ items }) => items) }
}
