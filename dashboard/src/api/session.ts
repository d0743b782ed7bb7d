/** Who is signed in, and what they may do. */
import { useQuery } from "@tanstack/react-query"
import { type Problem, request } from "./request.ts"
import { makeStore } from "./store.ts"
import type { Session } from "./wire.ts"

const isWanted = makeStore(false)
const timesOut = makeStore(0)
/** In milliseconds of `performance.now()`. */
let signedInAt = 0

/** Whether somebody has to sign in before the page goes on. */
export const signIn = {
  use: isWanted.use,
  /** A problem of a request that was asked before somebody signed in says nothing of them. */
  wanted: ({ askedAt }: Problem) => {
    if (askedAt >= signedInAt) isWanted.set(true)
  },
  done: () => {
    signedInAt = performance.now()
    isWanted.set(false)
  },
  /** Somebody left: what screens hold for them is not left to whoever comes next. */
  out: () => {
    timesOut.set(timesOut.get() + 1)
    isWanted.set(true)
  },
  /** How often somebody left. */
  useTimesOut: timesOut.use
}

export const useSession = (): Session | undefined =>
  useQuery<Session, Problem>({
    queryKey: ["/session", {}],
    queryFn: ({ signal }) => request("GET", "/session", {}, signal),
    staleTime: 60_000
  }).data

const roleFor = (action: string) =>
  ["deadLetters.discard", "operations.discard", "consumers.retire", "settings.change"].includes(action)
    ? "an admin"
    : "an operator"

/** Why an action may not be done by whoever is signed in; undefined if it may. The server checks it again. */
export const useForbidden = (action: string): string | undefined => {
  const session = useSession()
  if (session === undefined || session.actions.includes(action)) return undefined
  return `You are signed in as ${session.role}; this needs ${roleFor(action)}.`
}
