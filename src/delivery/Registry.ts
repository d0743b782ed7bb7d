/**
 * Which handlers this process has, and the durable subscriptions they stand for.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, PubSub, Semaphore } from "effect"
import { BoundedMap } from "../collections/bounded.ts"
import { keepWithWarning, recordContracts } from "../contracts/record.ts"
import {
  ConsumerConflict,
  type DuplicateSubscriber,
  type InvalidIdentifier,
  InvalidOption,
  type UnsupportedOption
} from "../errors/DeclarationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import * as Consumer from "../model/Consumer.ts"
import { validateConsumer } from "../model/consumerOptions.ts"
import { isPattern, matcher } from "../model/eventPattern.ts"
import type { DeclarationError, Subscriber } from "../model/SubscriberValue.ts"
import { checkIdentifier } from "../model/storable.ts"
import { versionProblem } from "../model/versions.ts"
import { ContractStore } from "../stores/ContractStore.ts"
import type { Interest } from "../stores/Delivery.ts"
import { SubscriptionStore } from "../stores/SubscriptionStore.ts"
import { findDuplicate } from "./duplicates.ts"

/** Why subscribers were refused. @since 0.1.0 */
export type RegistrationError =
  | DuplicateSubscriber
  | ConsumerConflict
  | InvalidIdentifier
  | InvalidOption
  | DeclarationError
  | UnsupportedOption
  | StoreError

/** A registered subscriber, with its patterns ready to be matched. */
interface Entry {
  readonly subscriber: Subscriber
  readonly matches: (eventName: string) => boolean
}

const toEntry = (subscriber: Subscriber): Entry => {
  const matchers = subscriber.events.map(matcher)
  return { subscriber, matches: (eventName) => matchers.some((matches) => matches(eventName)) }
}

/** Options that can only be told apart as objects. */
const opaque: ReadonlySet<keyof Consumer.Options> = new Set(["retryable", "retrySchedule"])

const isSame = (option: keyof Consumer.Options, a: unknown, b: unknown) =>
  a === b || (!opaque.has(option) && String(a) === String(b))

const findConflict = (entries: ReadonlyArray<Entry>, { consumer }: Subscriber): ConsumerConflict | undefined => {
  const other = entries.find((entry) => entry.subscriber.consumer.name === consumer.name)?.subscriber.consumer
  if (other === undefined) return undefined
  const options = new Set([...Object.keys(other.options), ...Object.keys(consumer.options)])
  for (const option of options as Set<keyof Consumer.Options>) {
    if (!isSame(option, other.options[option], consumer.options[option])) {
      return new ConsumerConflict({ consumer: consumer.name, option })
    }
  }
  return undefined
}

const validate = Effect.fnUntraced(function* (subscriber: Subscriber) {
  if (subscriber.problem !== undefined) return yield* subscriber.problem
  yield* validateConsumer(subscriber.consumer)
  const where = `of a subscriber of consumer "${subscriber.consumer.name}"`
  if (subscriber.events.length === 0) {
    return yield* new InvalidOption({
      option: `event ${where}`,
      value: "an empty list",
      expected: "at least one event"
    })
  }
  for (const event of subscriber.events) yield* checkIdentifier(`event ${where}`, event, 255)
  for (const [name, definition] of subscriber.definitions) {
    const problem = versionProblem(definition)
    if (problem !== undefined) return yield* problem
    if (!isPattern(name)) continue
    return yield* new InvalidOption({
      option: `event ${where}`,
      value: name,
      expected: "a definition without * in its name"
    })
  }
  if (!Number.isInteger(subscriber.priority) || Math.abs(subscriber.priority) > 1_000_000) {
    return yield* new InvalidOption({
      option: `priority ${where}`,
      value: String(subscriber.priority),
      expected: "an integer from -1000000 to 1000000"
    })
  }
})

/**
 * Holds the handlers of this process.
 *
 * @since 0.1.0
 */
export class Registry extends Context.Service<
  Registry,
  {
    /**
     * Adds subscribers and writes their durable subscriptions. From then on matching events are kept for the consumer,
     * whether or not a process that serves it is running. All are added or, on an error, none. What their definitions say of
     * payloads is registered first, where nobody has: what differs from what is registered, or cannot be, is only said in the log.
     *
     * @param before - runs when the subscribers are there, before their subscriptions are; default nothing
     */
    readonly register: (
      subscribers: ReadonlyArray<Subscriber>,
      before?: Effect.Effect<void, StoreError>
    ) => Effect.Effect<void, RegistrationError>
    /** Writes the subscriptions of these consumers once more, as far as they are here. */
    readonly registerAgain: (consumers: ReadonlyArray<string>) => Effect.Effect<void, StoreError>
    /** Takes subscribers out of this process; their subscriptions stay. */
    readonly deregister: (subscribers: ReadonlyArray<Subscriber>) => Effect.Effect<void>
    /** Handlers of an event in this process, highest priority first, then in the order they were registered. */
    readonly handlersOf: (eventName: string) => Effect.Effect<ReadonlyArray<Subscriber>>
    /** The one handler a consumer has for an event in this process. */
    readonly handlerFor: (consumer: string, eventName: string) => Subscriber | undefined
    readonly hasHandlers: (eventName: string) => Effect.Effect<boolean>
    /** Names and patterns with a handler in this process, in the order they were registered. */
    readonly eventNames: Effect.Effect<ReadonlyArray<string>>
    /** How many handlers there are: for one event name, or in all. */
    readonly handlerCount: (eventName?: string) => Effect.Effect<number>
    /** Consumers with a handler in this process. */
    readonly consumers: Effect.Effect<ReadonlyArray<Consumer.Consumer>>
    /** Whether a handler of a consumer takes several events in one call. */
    readonly isBatched: (consumer: string) => boolean
    /** What a consumer's handlers in this process cover. */
    readonly interestOf: (consumer: string) => Interest
    /** Removes handlers of consumers whose name starts so, from this process only. Returns how many. */
    readonly removeByConsumerPrefix: (prefix: string) => Effect.Effect<number>
    /** Removes all handlers from this process only. */
    readonly clear: Effect.Effect<void>
    /** One message after every change. */
    readonly changes: PubSub.PubSub<void>
  }
>()("effect-integration/Registry") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<Registry, never, ContractStore | SubscriptionStore> = Layer.effect(
    Registry,
    Effect.gen(function* () {
      const store = yield* SubscriptionStore
      const contractStore = yield* ContractStore
      const changes = yield* PubSub.sliding<void>(1)
      const mutex = yield* Semaphore.make(1)
      let entries: ReadonlyArray<Entry> = []
      let cache = new BoundedMap<string, Subscriber | undefined>()
      const replace = (next: ReadonlyArray<Entry>) =>
        Effect.suspend(() => {
          entries = next
          cache = new BoundedMap()
          return Effect.asVoid(PubSub.publish(changes, undefined))
        })
      const keepUnless = (remove: (subscriber: Subscriber) => boolean) =>
        Effect.suspend(() => {
          const kept = entries.filter((entry) => !remove(entry.subscriber))
          const removed = entries.length - kept.length
          return Effect.as(replace(kept), removed)
        })
      const matching = (eventName: string) =>
        entries
          .filter((entry) => entry.matches(eventName))
          .map((entry) => entry.subscriber)
          .sort((a, b) => b.priority - a.priority)
      const handlerFor = (consumer: string, eventName: string) => {
        const key = `${consumer}\u0000${eventName}`
        if (cache.has(key)) return cache.get(key)
        const found = entries.find((_) => _.subscriber.consumer.name === consumer && _.matches(eventName))?.subscriber
        cache.set(key, found)
        return found
      }
      const add = Effect.fnUntraced(function* (subscribers: ReadonlyArray<Subscriber>) {
        let next = entries
        for (const subscriber of subscribers) {
          yield* validate(subscriber)
          const others = next.map((entry) => entry.subscriber)
          const problem = findDuplicate(others, subscriber) ?? findConflict(next, subscriber)
          if (problem !== undefined) return yield* problem
          next = [...next, toEntry(subscriber)]
        }
        yield* replace(next)
      }, mutex.withPermit)
      const deregister = (subscribers: ReadonlyArray<Subscriber>) =>
        Effect.asVoid(keepUnless((subscriber) => subscribers.includes(subscriber)))
      const subscriptions = (subscribers: ReadonlyArray<Subscriber>) =>
        subscribers.flatMap(({ consumer, events, priority }) =>
          events.map((event) => ({
            consumer: consumer.name,
            event,
            priority,
            ordering: Consumer.orderingOf(consumer),
            startFrom: Consumer.startOf(consumer)
          }))
        )
      return Registry.of({
        // The handler comes first: a subscription without one would let deliveries wait for no reason.
        register: Effect.fn("Registry.register")(function* (subscribers, before = Effect.void) {
          yield* add(subscribers)
          const definitions = subscribers.flatMap((subscriber) => [...subscriber.definitions.values()])
          const write = Effect.andThen(before, store.register(subscriptions(subscribers)))
          // Nothing is delivered by contracts: what goes wrong with them stops no consumer.
          const recorded = Effect.catchCause(recordContracts(contractStore, definitions, keepWithWarning), (cause) =>
            Effect.logWarning("The contracts of subscribers were not registered", cause)
          )
          yield* Effect.onError(Effect.andThen(recorded, write), () => deregister(subscribers))
        }, Effect.uninterruptible),
        registerAgain: (consumers) =>
          Effect.suspend(() => {
            const here = entries.map(({ subscriber }) => subscriber)
            return store.register(subscriptions(here.filter(({ consumer }) => consumers.includes(consumer.name))))
          }),
        deregister,
        handlersOf: (eventName) => Effect.sync(() => matching(eventName)),
        handlerFor,
        hasHandlers: (eventName) => Effect.sync(() => entries.some((entry) => entry.matches(eventName))),
        eventNames: Effect.sync(() => [...new Set(entries.flatMap((entry) => entry.subscriber.events))]),
        handlerCount: (eventName) =>
          Effect.sync(() => (eventName === undefined ? entries.length : matching(eventName).length)),
        consumers: Effect.sync(() => [
          ...new Map(entries.map(({ subscriber }) => [subscriber.consumer.name, subscriber.consumer])).values()
        ]),
        isBatched: (consumer) =>
          entries.some((_) => _.subscriber.consumer.name === consumer && _.subscriber.handler._tag === "Batch"),
        interestOf: (consumer) => {
          const subscribers = entries.map(({ subscriber }) => subscriber).filter((_) => _.consumer.name === consumer)
          const events = subscribers.flatMap((_) => _.events)
          const definitions = subscribers.flatMap((_) => [..._.definitions.values()])
          return {
            names: events.filter((_) => !isPattern(_)),
            patterns: events.filter(isPattern),
            versions: Object.fromEntries(definitions.map(({ name, version }) => [name, version]))
          }
        },
        removeByConsumerPrefix: (prefix) => keepUnless((subscriber) => subscriber.consumer.name.startsWith(prefix)),
        clear: replace([]),
        changes
      })
    })
  )
}
