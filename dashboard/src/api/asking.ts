/** Questions and actions of screens: what was answered is kept, and asked for again while the page is live. */
import { keepPreviousData, QueryCache, QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useRef } from "react"
import { useLive } from "./live.ts"
import { Problem, request } from "./request.ts"
import { signIn } from "./session.ts"
import type { Answer, Asked, Method, Path } from "./wire.ts"

const isPassing = (error: unknown) => error instanceof Problem && (error.isUnreachable || error.status === 503)

/** All that was answered in this page. */
export const answers = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof Problem && error.status === 401) signIn.wanted(error)
    }
  }),
  defaultOptions: {
    mutations: { networkMode: "always" },
    queries: {
      // What is administered may run on this machine, or in a network of its own.
      networkMode: "always",
      refetchOnWindowFocus: false,
      staleTime: 2_000,
      gcTime: 300_000,
      retry: (count, error) => isPassing(error) && count < 1,
      retryDelay: 1_000,
      placeholderData: keepPreviousData
    }
  }
})

export interface AskOptions {
  /** Asked again after so many milliseconds while the page is live; default 10,000; false: never by itself. */
  readonly every?: number | false
  readonly enabled?: boolean
}

/** What the server answers to a GET. Old answers stay while a new one is awaited, and when none comes. */
export const useAsk = <P extends Path<"GET">>(
  path: P,
  asked: Asked<"GET", P>,
  { enabled = true, every = 10_000 }: AskOptions = {}
) => {
  const { isLive } = useLive()
  return useQuery<Answer<"GET", P>, Problem>({
    queryKey: [path, asked],
    queryFn: ({ signal }) => request("GET", path, asked, signal),
    refetchInterval: isLive && every !== false ? every : false,
    enabled
  })
}

/**
 * A change. When it is done, everything that is shown is asked for again: after whoever made it has been told, as that may lead away
 * from what is not there any more. While it is under way it is not made again, however often somebody presses.
 */
export const useAct = <M extends Exclude<Method, "GET">, P extends Path<M>>(method: M, path: P) => {
  const client = useQueryClient()
  const isUnderWay = useRef(false)
  const act = useMutation<Answer<M, P>, Problem, Asked<M, P>>({
    mutationFn: (asked) => request(method, path, asked),
    onError: (error) => {
      if (error.status === 401) signIn.wanted(error)
    },
    onSuccess: () => {
      setTimeout(() => void client.invalidateQueries())
    },
    onSettled: () => {
      isUnderWay.current = false
    }
  })
  const mutate: typeof act.mutate = (...given) => {
    if (isUnderWay.current) return
    isUnderWay.current = true
    act.mutate(...given)
  }
  return { ...act, mutate }
}
