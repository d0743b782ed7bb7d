/** What became of an event for one consumer, as parts of a line: waiting, attempts, waiting again, and how it ended. */
import type { EventDelivery } from "../../api/wire.ts"
import { type State, stateOfDelivery } from "../../words/states.ts"

export interface Segment {
  /**
   * `waiting`: for its first attempt; `retry`: for the next; `given-up`: until somebody requeued it; `parked`; `failed`: an attempt that
   * failed; `running`: one that has not ended.
   */
  readonly kind: "waiting" | "retry" | "failed" | "running" | "given-up" | "parked"
  /** Milliseconds since 1970, as `to`. */
  readonly from: number
  readonly to: number
  readonly attempt?: number
  /** The attempt that succeeded is in it: when that began is not stored. */
  readonly isWithSuccess?: boolean
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
  /** The attempt that succeeded, of which the end is stored only. */
  readonly success: { readonly attempt: number; readonly at: number } | undefined
  /** When it was settled, or gave up; undefined as long as it is open. */
  readonly endedAt: number | undefined
}

const time = (at: string) => new Date(at).getTime()

type Attempt = EventDelivery["attempts"][number]

const segmentOf = ({ attempt, finishedAt, startedAt }: Attempt, isRunning: boolean, now: number): Segment => {
  const from = time(startedAt)
  const kind = isRunning ? "running" : "failed"
  return { kind, from, to: finishedAt === null ? (isRunning ? Math.max(from, now) : from) : time(finishedAt), attempt }
}

/** What was waited for after an attempt, or before the first. */
const waitAfter = (attempt: Attempt | undefined): Segment["kind"] => {
  if (attempt === undefined) return "waiting"
  return attempt.outcome === "dead_letter" || attempt.outcome === "failed" ? "given-up" : "retry"
}

/** Attempts, with what was waited between them. */
const segmentsOf = (delivery: EventDelivery, end: number, now: number): ReadonlyArray<Segment> => {
  const segments: Array<Segment> = []
  const { attempts, isParked, status } = delivery
  let at = time(delivery.createdAt)
  const wait = (to: number, kind: Segment["kind"], isWithSuccess = false) => {
    if (to > at) segments.push({ kind, from: at, to, ...(isWithSuccess ? { isWithSuccess } : {}) })
  }
  for (const [index, attempt] of attempts.entries()) {
    const isRunning = attempt.finishedAt === null && index === attempts.length - 1 && status === "processing"
    const segment = segmentOf(attempt, isRunning, now)
    wait(segment.from, waitAfter(attempts[index - 1]))
    segments.push(segment)
    at = Math.max(at, segment.to)
  }
  wait(end, isParked ? "parked" : waitAfter(attempts.at(-1)), status === "processed")
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
    success:
      delivery.status === "processed" && endedAt !== undefined
        ? { attempt: Math.max(1, delivery.attemptCount), at: endedAt }
        : undefined,
    endedAt
  }
}
