/**
 * Which state something is in, and the word for it.
 *
 * @internal
 */
import type { ConsumerSummary } from "../../admin/model/consumers.ts"
import type { ErrorGroup, ErrorGroupState } from "../../admin/model/deadLetters.ts"
import type { EventDelivery, EventDetails } from "../../admin/model/events.ts"
import type { OperationState } from "../../admin/model/operations.ts"
import type { State } from "./style.ts"

/** A state with its word. */
export interface Told {
  readonly state: State
  readonly word: string
}

const told = (state: State, word: string): Told => ({ state, word })

/** What waits for a consumer, whatever for. */
export const openOf = ({ delayed, leased, parked, ready, retrying }: ConsumerSummary["depth"]): number =>
  ready + delayed + retrying + leased + parked

/** How a consumer is, in one word. */
export const consumerState = (consumer: ConsumerSummary): Told => {
  const { depth, pausedAt, servedBy } = consumer
  if (pausedAt !== null) return told("paused", "paused")
  if (servedBy.length === 0) return told(openOf(depth) > 0 ? "gaveUp" : "skipped", "not served")
  if (depth.deadLetters > 0) return told("gaveUp", "gave up")
  if (depth.isRecovering) return told("retrying", "recovering")
  if (depth.retrying > 0) return told("retrying", "retrying")
  if (depth.isHeld) return told("parked", "held")
  if (depth.leased > 0) return told("running", "running")
  return depth.ready > 0 ? told("waiting", "waiting") : told("done", "idle")
}

const urgency: ReadonlyArray<(consumer: ConsumerSummary) => number> = [
  (consumer) => (consumer.servedBy.length === 0 && openOf(consumer.depth) > 0 ? 1 : 0),
  ({ depth }) => depth.deadLetters,
  ({ depth }) => depth.retrying,
  ({ pausedAt }) => (pausedAt === null ? 0 : 1),
  ({ depth }) => depth.oldestMillis,
  ({ depth }) => openOf(depth)
]

/** Consumers, the one that needs help most first. */
export const worstFirst = (consumers: ReadonlyArray<ConsumerSummary>): ReadonlyArray<ConsumerSummary> =>
  consumers.toSorted((a, b) => {
    for (const of of urgency) {
      if (of(a) !== of(b)) return of(b) - of(a)
    }
    return a.consumer < b.consumer ? -1 : 1
  })

/** How a delivery is, in one word. */
export const deliveryState = (delivery: {
  readonly status: EventDelivery["status"]
  readonly isOpen: boolean
  readonly isParked?: boolean
  readonly attemptCount: number
}): Told => {
  const { attemptCount, isOpen, isParked, status } = delivery
  if (status === "processed") return told("done", "processed")
  if (status === "skipped") return told("skipped", "skipped")
  if (status === "dead_letter") return told("gaveUp", "gave up")
  if (status === "failed" && !isOpen) return told("gaveUp", "failed")
  if (isParked === true) return told("parked", "parked")
  if (status === "processing") return told("running", "running")
  return attemptCount > 0 ? told("retrying", "retrying") : told("waiting", "waiting")
}

/** `parked behind invoice.paid 01a2… (gave up)`: what a parked delivery waits for. */
export const heldUpBy = ({ eventId, eventName, ...delivery }: NonNullable<EventDelivery["waitsFor"]>): string =>
  `parked behind ${eventName} ${eventId} (${deliveryState(delivery).word})`

const eventStates: Readonly<Record<EventDetails["status"], Told>> = {
  pending: told("waiting", "pending"),
  processing: told("running", "processing"),
  processed: told("done", "processed"),
  failed: told("gaveUp", "failed"),
  dead_letter: told("gaveUp", "dead letter")
}

/** How an event is. */
export const eventState = (status: EventDetails["status"]): Told => eventStates[status]

const groupStates: Readonly<Record<ErrorGroupState, State>> = {
  new: "gaveUp",
  known: "retrying",
  resolved: "done",
  ignored: "paused"
}

/** Whether people may still think of a group as open, of which no delivery gave up, or is retried, any more. */
export const isLeftOver = ({ gaveUp, retrying, state }: ErrorGroup): boolean =>
  gaveUp + retrying === 0 && (state === "new" || state === "known")

/** How an error group is. */
export const groupState = (group: ErrorGroup): Told => {
  const { state } = group
  return isLeftOver(group) ? told("done", `${state}, none left`) : told(groupStates[state], state)
}

const operationStates: Readonly<Record<OperationState, Told>> = {
  canary: told("running", "canary"),
  running: told("running", "running"),
  finished: told("done", "finished"),
  stopped: told("paused", "stopped"),
  "canary-failed": told("gaveUp", "canary failed")
}

/** How an operation is. */
export const operationState = (state: OperationState): Told => operationStates[state]

const severities: Readonly<Record<"error" | "warning" | "notice", State>> = {
  error: "gaveUp",
  warning: "retrying",
  notice: "waiting"
}

/** How bad something is. */
export const severityState = (severity: "error" | "warning" | "notice"): State => severities[severity]
