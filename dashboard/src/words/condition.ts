/** How a consumer is, in a state and a word, and which of them needs somebody first: the same on all screens. */
import type { Consumer, Depth } from "../api/wire.ts"
import { exact, short } from "./numbers.ts"
import type { State } from "./states.ts"

export interface Condition {
  readonly state: State
  readonly word: string
}

/** Deliveries of a kind are counted up to this many. */
export const mostCounted = 10_000

/** A count of deliveries, as far as it was counted. */
export const counted = (count: number): string => (count >= mostCounted ? `${exact(mostCounted)}+` : short(count))

/** All that is not settled and has not given up. */
export const openOf = ({ delayed, leased, parked, ready, retrying }: Depth): number =>
  ready + delayed + retrying + leased + parked

/** Whether it was retired: it is subscribed to nothing, and nobody serves it. */
export const isRetired = ({ servedBy, subscriptions }: Consumer): boolean =>
  servedBy.length === 0 && subscriptions.length === 0

/** From here on a consumer is late, in milliseconds. */
const late = 60_000

/** Whether the oldest open delivery is late, and nobody wants it so. */
export const isLate = ({ depth, pausedAt }: Consumer): boolean => pausedAt === null && depth.oldestMillis >= late

/** Whether deliveries wait that nobody gives to a handler, though nobody paused it. */
const isAbandoned = (consumer: Consumer): boolean =>
  consumer.servedBy.length === 0 && consumer.pausedAt === null && !isRetired(consumer) && openOf(consumer.depth) > 0

/** What is said first of it. */
export const conditionOf = (consumer: Consumer): Condition => {
  const { depth, pausedAt, servedBy } = consumer
  if (isRetired(consumer)) return { state: "done", word: "retired" }
  if (pausedAt !== null) return { state: "paused", word: "paused" }
  if (servedBy.length === 0) return { state: isAbandoned(consumer) ? "gave-up" : "retrying", word: "nobody serves it" }
  if (depth.deadLetters > 0) return { state: "gave-up", word: "gave up" }
  if (isLate(consumer)) return { state: "retrying", word: "behind" }
  if (depth.isRecovering) return { state: "retrying", word: "careful after a crash" }
  if (depth.retrying > 0) return { state: "retrying", word: "retrying" }
  if (depth.isHeld) return { state: "waiting", word: "held" }
  if (depth.parked > 0) return { state: "parked", word: "parked" }
  return { state: "done", word: openOf(depth) > 0 ? "at work" : "up to date" }
}

/** The higher, the sooner somebody has to look. */
const rankOf = (consumer: Consumer): number => {
  const { depth, pausedAt } = consumer
  if (isRetired(consumer)) return -1
  if (isAbandoned(consumer)) return 6
  if (depth.deadLetters > 0) return 5
  if (isLate(consumer)) return 4
  if (depth.isRecovering) return 3
  if (depth.retrying > 0) return 2
  return pausedAt !== null || depth.parked > 0 || depth.isHeld || consumer.servedBy.length === 0 ? 1 : 0
}

/** The worst first; those that are alike by what gave up, by how long they are behind, then by name. */
export const worstFirst = (consumers: ReadonlyArray<Consumer>): ReadonlyArray<Consumer> =>
  consumers.toSorted(
    (one, other) =>
      rankOf(other) - rankOf(one) ||
      other.depth.deadLetters - one.depth.deadLetters ||
      (isLate(one) || isLate(other) ? other.depth.oldestMillis - one.depth.oldestMillis : 0) ||
      one.consumer.localeCompare(other.consumer)
  )
