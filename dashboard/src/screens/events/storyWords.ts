/** What a line of a story tells, in a sentence. */
import { ago, duration } from "../../words/numbers.ts"
import type { Lane } from "./storyLane.ts"

const times = (count: number) => (count === 1 ? "1 attempt" : `${count} attempts`)

/** `gave up after 3 attempts, 903 ms after it was published`. */
export const sentenceOf = ({ delivery, endedAt }: Lane, publishedAt: number, now: number): string => {
  const { attemptCount, availableAt, isOpen, isParked, status } = delivery
  const after = endedAt === undefined ? "" : `, ${duration(endedAt - publishedAt)} after it was published`
  if (status === "processed")
    return attemptCount > 1 ? `processed by attempt ${attemptCount}${after}` : `processed${after}`
  if (status === "skipped") return `skipped${after}`
  if (!isOpen) return `gave up after ${times(attemptCount)}${after}`
  if (isParked) return "parked behind an earlier delivery of the same aggregate"
  if (status === "processing") return `attempt ${Math.max(1, attemptCount)} is running`
  const next = availableAt !== null && new Date(availableAt).getTime() > now ? `, due ${ago(availableAt, now)}` : ""
  return attemptCount === 0 ? `waiting${next}` : `waiting after ${times(attemptCount)}${next}`
}
