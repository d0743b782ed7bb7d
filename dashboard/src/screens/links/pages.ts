/** Pages of what is told of an entity, one after the other. */
import { useInfiniteQuery } from "@tanstack/react-query"
import { useLive } from "../../api/live.ts"
import { type Problem, request } from "../../api/request.ts"
import type { Asked, Entity } from "../../api/wire.ts"

/** With more pages, they are not asked for again by themselves. */
const mostRepeated = 2

const pageSize = 50

type Query = NonNullable<Asked<"GET", "/links">["query"]>

const usePages = <Page extends { readonly next?: string }>(
  name: string,
  query: Query,
  ask: (query: Query, signal: AbortSignal) => Promise<Page>
) => {
  const { isLive } = useLive()
  return useInfiniteQuery<Page, Problem, { readonly pages: ReadonlyArray<Page> }, ReadonlyArray<unknown>, string>({
    queryKey: [name, "pages", query],
    queryFn: ({ pageParam, signal }) => ask(pageParam === "" ? query : { ...query, after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
    // Another entity's pages would be taken for this one's.
    placeholderData: () => undefined,
    refetchInterval: ({ state }) => (isLive && (state.data?.pages.length ?? 0) <= mostRepeated ? 10_000 : false)
  })
}

/** All links of an entity. */
export const useLinkPages = (entity: Entity) =>
  usePages("/links", { ...entity, limit: pageSize }, (query, signal) => request("GET", "/links", { query }, signal))

/** @param hops - 1: also of the entities it is linked with; 0: of it alone */
export const useLifePages = (entity: Entity, hops: 0 | 1) =>
  usePages("/links/life", { ...entity, hops, limit: pageSize }, (query, signal) =>
    request("GET", "/links/life", { query }, signal)
  )
