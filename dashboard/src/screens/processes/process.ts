/** What processes are called, and what becomes of consumers whose process ended. */
import type { Replica } from "../../api/wire.ts"
import { shortId } from "../../words/entities.ts"
import type { State } from "../../words/states.ts"

/** `worker-3 · pid 4711`: where it runs and its number there; its id where neither is known. */
export const placeOf = ({ host, id, pid }: Replica): string => {
  const known = [host, pid === null ? null : `pid ${pid}`].filter((part) => part !== null)
  return known.length === 0 ? shortId(id) : known.join(" · ")
}

export const lookOf = (status: Replica["status"]): { readonly state: State; readonly word: string } => {
  if (status === "running") return { state: "running", word: "running" }
  if (status === "dead") return { state: "gave-up", word: "ended without a word" }
  return { state: "paused", word: "stopped" }
}

const ranks = { running: 0, dead: 1, stopped: 2 }

/** Those that run first, then those that ended without a word; the last started first. */
export const runningFirst = (replicas: ReadonlyArray<Replica>): ReadonlyArray<Replica> =>
  replicas.toSorted(
    (one, other) => ranks[one.status] - ranks[other.status] || other.startedAt.localeCompare(one.startedAt)
  )

/** Consumers that a process serves which runs. */
export const servedNow = (replicas: ReadonlyArray<Replica>): ReadonlySet<string> =>
  new Set(replicas.flatMap(({ consumers, status }) => (status === "running" ? consumers : [])))
