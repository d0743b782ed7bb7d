/** What a line of a story tells, in a sentence. */
import type { EventDelivery } from "../../api/wire.ts"
import { ago, duration } from "../../words/numbers.ts"
import type { Lane } from "./storyLane.ts"

const times = (count: number) => (count === 1 ? "1 attempt" : `${count} attempts`)

/** `which gave up`: how the delivery is that a parked one waits for. */
export const whichOf = (held: NonNullable<EventDelivery["waitsFor"]>, now: number): string => {
  const { attemptCount, availableAt, isOpen, isParked, status } = held
  if (!isOpen) return "which gave up"
  if (isParked) return "which goes on next"
  if (status === "processing") return "which is being handled"
  const due = availableAt !== null && new Date(availableAt).getTime() > now ? `, due ${ago(availableAt, now)}` : ""
  if (attemptCount > 0) return `which is retried${due}`
  return due === "" ? "which is ready" : `which waits for its time${due}`
}

/** `gave up after 3 attempts, 903 ms after it was published`. */
export const sentenceOf = ({ delivery, endedAt }: Lane, publishedAt: number, now: number): string => {
  const { attemptCount, availableAt, isOpen, isParked, status } = delivery
  const after = endedAt === undefined ? "" : `, ${duration(endedAt - publishedAt)} after it was published`
  if (status === "processed")
    return attemptCount > 1 ? `processed by attempt ${attemptCount}${after}` : `processed${after}`
  if (status === "skipped") return `skipped${after}`
  if (!isOpen) return `gave up after ${times(attemptCount)}${after}`
  if (isParked) return delivery.waitsFor === null ? "parked, and goes on next" : "parked behind"
  if (status === "processing") return `attempt ${Math.max(1, attemptCount)} is running`
  const next = availableAt !== null && new Date(availableAt).getTime() > now ? `, due ${ago(availableAt, now)}` : ""
  return attemptCount === 0 ? `waiting${next}` : `waiting after ${times(attemptCount)}${next}`
}
