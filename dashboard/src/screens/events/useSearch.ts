/** A search as it goes on: page after page, for two seconds by itself, then as long as somebody wants. */
import { useCallback, useEffect, useRef, useState } from "react"
import { useLive } from "../../api/live.ts"
import { signIn } from "../../api/session.ts"
import type { EventQuery } from "../../api/wire.ts"
import { serverNow } from "../../words/clock.ts"
import { askFor, joined, page, problemOf, type Search, type SearchState } from "./search.ts"
import { usePoll } from "./usePoll.ts"

/** A search goes on by itself for so long, in milliseconds. */
const patience = 2_000

const nothing: SearchState = {
  search: undefined,
  isSearching: true,
  problem: undefined,
  answeredAt: 0,
  newestAt: 0,
  isBehind: false
}

/**
 * @param query - which events
 * @param isHeld - whether somebody is at the list: what is shown is kept then, and what is new comes before it
 * @returns the search so far, `goOn` for another page, `stop`, and `restart` from the newest
 */
export const useSearch = (query: EventQuery, isHeld: boolean) => {
  const { isLive } = useLive()
  const [state, setState] = useState(nothing)
  const running = useRef<AbortController | undefined>(undefined)
  const current = useRef({ ...state, isHeld })
  current.current = { ...state, isHeld }
  const asked = JSON.stringify(query)

  const run = useCallback(
    async (from: Search | undefined, isPatient: boolean) => {
      running.current?.abort()
      const controller = new AbortController()
      running.current = controller
      const wanted = (from?.found.length ?? 0) + page
      const began = Date.now()
      let search = from
      setState((before) => ({
        ...before,
        isSearching: true,
        problem: undefined,
        ...(from === undefined ? { isBehind: false, newestAt: serverNow() } : {})
      }))
      try {
        do {
          const after = search?.next === undefined ? {} : { after: search.next }
          const limit = Math.max(1, wanted - (search?.found.length ?? 0))
          search = joined(
            search,
            await askFor({ ...(JSON.parse(asked) as EventQuery), ...after, limit }, controller.signal)
          )
          const seen = search
          setState((before) => ({ ...before, search: seen, answeredAt: Date.now() }))
        } while (
          search.next !== undefined &&
          search.found.length < wanted &&
          (isPatient || Date.now() - began < patience)
        )
        setState((before) => ({ ...before, isSearching: false }))
      } catch (error) {
        if (controller.signal.aborted) return
        setState((before) => ({ ...before, isSearching: false, problem: problemOf(error) }))
      }
    },
    [asked]
  )

  // Whoever has to sign in first is answered when that is done; whoever signs in again goes on with what was found.
  const isKept = signIn.use()
  useEffect(() => {
    if (isKept) return
    if (current.current.search === undefined) void run(undefined, false)
    else setState((before) => ({ ...before, isSearching: false, problem: undefined }))
    return () => running.current?.abort()
  }, [run, isKept])

  const restart = useCallback(() => void run(undefined, false), [run])
  usePoll({ asked, isLive, current, setState, restart })

  const stop = useCallback(() => {
    running.current?.abort()
    setState((before) => ({ ...before, isSearching: false }))
  }, [])
  return {
    ...state,
    goOn: useCallback(() => void run(current.current.search, true), [run]),
    restart,
    stop
  }
}
