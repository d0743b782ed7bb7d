/** What became of an event for one consumer, as parts of a line: waiting, attempts, waiting again, and how it ended. */
import type { EventDelivery } from "../../api/wire.ts"
import { type State, stateOfDelivery } from "../../words/states.ts"

export interface Segment {
  /** `waiting`: for its first attempt; `retry`: for the next; `failed`: an attempt that failed; `running`: one that has not ended; `parked`. */
  readonly kind: "waiting" | "retry" | "failed" | "running" | "parked"
  /** Milliseconds since 1970, as `to`. */
  readonly from: number
  readonly to: number
  readonly attempt?: number
}

/** Attempts with the same message, one after the other. */
export interface Failure {
  readonly first: number
  readonly last: number
  /** When the first and the last of them ended, in milliseconds since 1970. */
  readonly at: number
  readonly until: number
  /** Its first line. */
  readonly message: string
  /** What follows: where it was thrown. */
  readonly detail: string
}

export interface Lane {
  readonly delivery: EventDelivery
  readonly state: State
  readonly segments: ReadonlyArray<Segment>
  readonly failures: ReadonlyArray<Failure>
  /** When it was settled, or gave up; undefined as long as it is open. */
  readonly endedAt: number | undefined
}

const time = (at: string) => new Date(at).getTime()

const attemptsOf = ({ attempts, processedAt }: EventDelivery, now: number): ReadonlyArray<Segment> =>
  attempts.map(({ attempt, finishedAt, outcome, startedAt }) => ({
    kind: outcome === "started" && finishedAt === null ? "running" : "failed",
    from: time(startedAt),
    to:
      finishedAt === null ? Math.max(time(startedAt), processedAt === null ? now : time(startedAt)) : time(finishedAt),
    attempt
  }))

/** Attempts, with what was waited between them. */
const segmentsOf = (delivery: EventDelivery, end: number, now: number): ReadonlyArray<Segment> => {
  const segments: Array<Segment> = []
  let at = time(delivery.createdAt)
  const wait = (to: number, isLast = false) => {
    if (to <= at) return
    const isRunning = isLast && delivery.isOpen && delivery.status === "processing"
    const kind =
      isLast && delivery.isParked ? "parked" : isRunning ? "running" : segments.length === 0 ? "waiting" : "retry"
    segments.push({ kind, from: at, to })
  }
  for (const attempt of attemptsOf(delivery, now)) {
    wait(attempt.from)
    segments.push(attempt)
    at = Math.max(at, attempt.to)
  }
  wait(end, true)
  return segments
}

const failuresOf = ({ attempts }: EventDelivery): ReadonlyArray<Failure> => {
  const failures: Array<Failure> = []
  for (const { attempt, error, finishedAt, startedAt } of attempts) {
    if (error === null) continue
    const [message = "", ...rest] = error.split("\n")
    const before = failures.at(-1)
    const at = time(finishedAt ?? startedAt)
    if (before?.message === message) failures[failures.length - 1] = { ...before, last: attempt, until: at }
    else failures.push({ first: attempt, last: attempt, at, until: at, message, detail: rest.join("\n") })
  }
  return failures
}

/** @param now - milliseconds since 1970: lines of what is open go on to there */
export const laneOf = (delivery: EventDelivery, now: number): Lane => {
  const endedAt = delivery.isOpen || delivery.processedAt === null ? undefined : time(delivery.processedAt)
  return {
    delivery,
    state: stateOfDelivery(delivery),
    segments: segmentsOf(delivery, endedAt ?? now, now),
    failures: failuresOf(delivery),
    endedAt
  }
}
