/**
 * Consumers and processes.
 *
 * @internal
 */
import { Effect } from "effect"
import { unseenMillis } from "../../delivery/maintenance/maintenance.ts"
import type { Processor } from "../../delivery/Processor.ts"
import { consumerNotFound } from "../../errors/consumerNotFound.ts"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Settings } from "../../settings/Settings.ts"
import type { AuditEntry, AuditStore } from "../../stores/AuditStore.ts"
import type { ConsumerDepth } from "../../stores/Depths.ts"
import type { InboxStore } from "../../stores/InboxStore.ts"
import type { Replica, ReplicaStore } from "../../stores/ReplicaStore.ts"
import type { ConsumerState, Subscription, SubscriptionStore, Unserved } from "../../stores/SubscriptionStore.ts"
import type { AdminService } from "../adminService.ts"
import type { ConsumerSummary, Depth } from "../model/consumers.ts"
import type { Bounded } from "./bounded.ts"
import { rulesInForce, versionsRead } from "./rules.ts"

/** Of a consumer that has nothing to do. */
export const noDepth: Depth = {
  ready: 0,
  delayed: 0,
  retrying: 0,
  leased: 0,
  parked: 0,
  deadLetters: 0,
  oldestMillis: 0,
  isHeld: false,
  isRecovering: false
}

const depthOf = (depth: ConsumerDepth | undefined): Depth => {
  if (depth === undefined) return noDepth
  const { delayed, deadLetters, isHeld, isRecovering, leased, oldestMillis, parked, ready, retrying } = depth
  return { ready, delayed, retrying, leased, parked, deadLetters, oldestMillis, isHeld, isRecovering }
}

/** What consumers are made of. */
interface Known {
  readonly states: ReadonlyArray<ConsumerState>
  readonly subscriptions: ReadonlyArray<Subscription>
  readonly unserved: ReadonlyArray<Unserved>
  readonly replicas: ReadonlyArray<Replica>
  readonly depths: ReadonlyArray<ConsumerDepth>
  readonly pauses: ReadonlyArray<AuditEntry>
}

/** Who paused it and why, unless it was paused by itself: that is where the store has a reason. */
const pauseOf = ({ consumer, pausedAt, pauseReason }: ConsumerState, pauses: ReadonlyArray<AuditEntry>) => {
  if (pausedAt === null || pauseReason !== null) return { pausedBy: null, pauseReason }
  const entry = pauses.find(({ at, target }) => target === consumer && at >= pausedAt)
  return { pausedBy: entry?.who ?? null, pauseReason: entry?.reason ?? null }
}

const summaryOf = (state: ConsumerState, known: Known): ConsumerSummary => {
  const { consumer } = state
  const unserved = known.unserved.filter((each) => each.consumer === consumer && each.version === undefined)
  return {
    ...state,
    ...pauseOf(state, known.pauses),
    servedBy: known.replicas
      .filter(({ consumers, status }) => status === "running" && consumers.includes(consumer))
      .map(({ id }) => id),
    subscriptions: known.subscriptions
      .filter((each) => each.consumer === consumer)
      .map(({ event, priority }) => ({ event, priority, isServed: !unserved.some((each) => each.event === event) })),
    depth: depthOf(known.depths.find((each) => each.consumer === consumer))
  }
}

export interface ConsumerServices {
  readonly processor: Processor["Service"]
  readonly subscriptions: SubscriptionStore["Service"]
  readonly inbox: InboxStore["Service"]
  readonly audit: AuditStore["Service"]
  readonly replicas: ReplicaStore["Service"]
  readonly settings: Settings["Service"]
}

/** Pauses that are looked at, the last ones. */
const mostPauses = 1000

/** Who paused what is paused, as far as the audit goes back in one look. */
const pausesOf = Effect.fnUntraced(function* (
  audit: AuditStore["Service"],
  states: ReadonlyArray<ConsumerState>
): Effect.fn.Return<ReadonlyArray<AuditEntry>, StoreError> {
  const times = states.flatMap(({ pausedAt, pauseReason }) =>
    pausedAt === null || pauseReason !== null ? [] : [pausedAt.getTime()]
  )
  if (times.length === 0) return []
  const since = new Date(Math.min(...times))
  const { entries } = yield* audit.list({ action: "consumers.pause", since }, undefined, mostPauses)
  return entries.filter(({ outcome }) => outcome === "done")
})

/**
 * All consumers, or one.
 *
 * @param isBrief - without who paused them, which is asked of the audit
 */
export const summaries = Effect.fnUntraced(function* (
  { audit, inbox, processor, subscriptions }: ConsumerServices,
  consumer?: string,
  isBrief = false
) {
  const states = (yield* subscriptions.consumers).filter((each) => consumer === undefined || each.consumer === consumer)
  const known: Known = {
    states,
    subscriptions: yield* subscriptions.all,
    unserved: yield* subscriptions.unserved,
    replicas: yield* processor.replicas,
    depths: (yield* inbox.depths(states.map((each) => each.consumer))).consumers,
    pauses: isBrief ? [] : yield* pausesOf(audit, states)
  }
  return states.map((state) => summaryOf(state, known))
})

const one = Effect.fnUntraced(function* (services: ConsumerServices, consumer: string) {
  const [found] = yield* summaries(services, consumer)
  if (found !== undefined) return found
  const all = yield* services.subscriptions.consumers
  return yield* consumerNotFound(
    consumer,
    all.map((each) => each.consumer)
  )
})

/** One, with the rules it is handled by where it is served, and its oldest open deliveries. */
const detailed = Effect.fnUntraced(function* (services: ConsumerServices, consumer: string) {
  const { inbox, replicas, settings } = services
  const summary = yield* one(services, consumer)
  const serving = yield* replicas.serving(consumer, unseenMillis(yield* settings.current))
  return {
    ...summary,
    subscriptions: summary.subscriptions.map((each) => ({ ...each, versions: versionsRead(serving, each.event) })),
    rules: rulesInForce(serving, yield* settings.inForce),
    oldest: yield* inbox.oldest(consumer)
  }
})

export const consumersOver = (
  services: ConsumerServices,
  { ask, askFreely }: Bounded
): Pick<AdminService, "consumers" | "replicas"> => {
  const { processor } = services
  return {
    replicas: ask(processor.replicas),
    consumers: {
      list: ask(summaries(services)),
      get: (consumer) => ask(detailed(services, consumer)),
      pause: (consumer, { reason }) =>
        ask(Effect.andThen(processor.pause(consumer, reason === undefined ? {} : { reason }), one(services, consumer))),
      resume: (consumer, { reason }) =>
        ask(
          Effect.andThen(processor.resume(consumer, reason === undefined ? {} : { reason }), one(services, consumer))
        ),
      retire: (consumer, options) =>
        askFreely(
          Effect.gen(function* () {
            yield* one(services, consumer)
            const { ended, open, skipped } = yield* processor.retire(consumer, options)
            return {
              isRetired: open.length === 0,
              subscriptions: ended,
              skipped,
              open: open.map(({ deliveryId, eventId, eventName }) => ({ deliveryId, eventId, eventName }))
            }
          })
        )
    }
  }
}
