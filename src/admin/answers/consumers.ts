/**
 * Consumers and processes.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Processor } from "../../delivery/Processor.ts"
import { consumerNotFound } from "../../errors/consumerNotFound.ts"
import type { ConsumerDepth } from "../../stores/Depths.ts"
import type { InboxStore } from "../../stores/InboxStore.ts"
import type { Replica } from "../../stores/ReplicaStore.ts"
import type { ConsumerState, Subscription, SubscriptionStore, Unserved } from "../../stores/SubscriptionStore.ts"
import type { AdminService } from "../adminService.ts"
import type { ConsumerSummary, Depth } from "../model/consumers.ts"
import type { Bounded } from "./bounded.ts"

const nothing: Depth = {
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
  if (depth === undefined) return nothing
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
}

const summaryOf = (state: ConsumerState, known: Known): ConsumerSummary => {
  const { consumer } = state
  const unserved = known.unserved.filter((each) => each.consumer === consumer && each.version === undefined)
  return {
    ...state,
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
}

/** All consumers, or one. */
export const summaries = Effect.fnUntraced(function* (
  { inbox, processor, subscriptions }: ConsumerServices,
  consumer?: string
) {
  const states = (yield* subscriptions.consumers).filter((each) => consumer === undefined || each.consumer === consumer)
  const known: Known = {
    states,
    subscriptions: yield* subscriptions.all,
    unserved: yield* subscriptions.unserved,
    replicas: yield* processor.replicas,
    depths: (yield* inbox.depths(states.map((each) => each.consumer))).consumers
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

export const consumersOver = (
  services: ConsumerServices,
  { ask, askFreely }: Bounded
): Pick<AdminService, "consumers" | "replicas"> => {
  const { processor } = services
  return {
    replicas: ask(processor.replicas),
    consumers: {
      list: ask(summaries(services)),
      get: (consumer) => ask(one(services, consumer)),
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
