/**
 * Handlers by the reference's names.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { findDuplicate } from "../delivery/duplicates.ts"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { UnsupportedCall } from "../errors/OperationErrors.ts"
import type { Services } from "../integration/Integration.ts"
import * as Consumer from "../model/Consumer.ts"
import { matcher } from "../model/eventPattern.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"
import { make } from "../subscribing/declare.ts"
import { type HandlerContext, invoke } from "../subscribing/HandlerContext.ts"
import type { EventHandler, SubscriberContext, SubscriberDefinition, Subscription } from "./handlers.ts"
import { handledEvent } from "./rows.ts"
import type { Serving } from "./serving.ts"

/** A handler as its callers know it, and as the engine does. */
interface Entry {
  readonly definition: SubscriberDefinition
  readonly subscriber: Subscriber<Services>
}

/** Types do not reach everybody who subscribes. */
const check = ({ consumerName, eventName, handler }: Subscription) => {
  const refuse = (option: string, value: unknown, expected: string) =>
    new InvalidOption({ option: `${option} of EventSubscriberRegistry`, value: String(value), expected })
  const name = typeof consumerName === "string" ? consumerName : Object(consumerName).name
  if (typeof eventName !== "string") throw refuse("eventName", eventName, "the name of an event, or a pattern")
  if (typeof name !== "string") throw refuse("consumerName", consumerName, "the name of a mailbox, or a Consumer")
  if (typeof handler !== "function") {
    throw refuse("handler", handler, `a function, for consumer "${name}" and event "${eventName}"`)
  }
}

/** Handlers that return promises are leased, as everywhere: nobody sees which connection they write through. */
const consumerOf = (given: string | Consumer.Consumer) => {
  const { name, options } = Consumer.from(given)
  return Consumer.make(name, { ...options, mode: options.mode ?? "leased" })
}

/** What is not called by hand: its methods are decorated, or it was made with `Subscriber.make`. */
const calledByEngine: EventHandler = () =>
  Promise.reject(
    new UnsupportedCall({ call: "SubscriberDefinition.handler", reason: "This handler is called by the engine alone." })
  )

const isSubscriber = (value: unknown): value is Subscriber<Services> => Object(value).definitions instanceof Map

/** What the registry needs of the services around it. @internal */
export interface RegistryParts {
  readonly serving: Serving
  /** What a handler gets, from what the engine gives it. */
  readonly contextOf: (context: HandlerContext) => SubscriberContext
  /** The same subscriber, known to services. */
  readonly known: (subscriber: Subscriber<Services>) => Subscriber<Services>
}

/**
 * The handlers of this process, as the reference has them. What is subscribed before the start is served from then on, what comes
 * later at once: a failure of that is said in the log, and by the next `start`.
 *
 * Two handlers of one consumer for the same event are refused with `DuplicateSubscriber`, which says where both are: a consumer handles
 * an event once. What cannot be a handler is refused with `InvalidOption`.
 *
 * @since 0.1.0
 */
export class EventSubscriberRegistry {
  readonly #parts: RegistryParts
  #entries: ReadonlyArray<Entry> = []

  /** @internal */
  constructor(parts: RegistryParts) {
    this.#parts = parts
  }

  /** Adds a handler. */
  registerHandler(definition: Subscription): void {
    this.subscribeMany([definition])
  }

  /** Adds a handler: see `SubscriberDefinition`. */
  subscribe(eventName: string, consumerName: string | Consumer.Consumer, handler: EventHandler, priority = 0): void {
    this.subscribeMany([{ eventName, consumerName, handler, priority }])
  }

  /** Adds handlers: all, or none. */
  subscribeMany(definitions: ReadonlyArray<Subscription>): void {
    this.#add(definitions.map((definition) => this.#entryOf(Object(definition))))
  }

  /** Adds what was made with `Subscriber.make`, `fromClass` or `fromInstance`: all, or none. The reference has no such call. */
  registerSubscribers(subscribers: ReadonlyArray<Subscriber<Services>>): void {
    const wrong = subscribers.findIndex((subscriber) => !isSubscriber(subscriber))
    if (wrong !== -1) {
      throw new InvalidOption({
        option: `subscribers[${wrong}] of EventSubscriberRegistry`,
        value: typeof subscribers[wrong],
        expected: "one that was made with Subscriber.make, fromInstance or subscriber(…)"
      })
    }
    this.#add(
      subscribers.map((subscriber) => ({
        definition: {
          eventName: subscriber.events.join(", "),
          consumerName: subscriber.consumer.name,
          handler: calledByEngine,
          priority: subscriber.priority
        },
        subscriber: this.#parts.known(subscriber)
      }))
    )
  }

  /** Handlers of an event, highest priority first, then in the order they were added. */
  getHandlers(eventName: string): ReadonlyArray<SubscriberDefinition> {
    return this.#entries
      .filter(({ subscriber }) => subscriber.events.some((pattern) => matcher(pattern)(eventName)))
      .map(({ definition }) => definition)
      .sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0))
  }

  hasHandlers(eventName: string): boolean {
    return this.getHandlers(eventName).length > 0
  }

  /** Names and patterns with a handler, in the order they were added. */
  getEventNames(): ReadonlyArray<string> {
    return [...new Set(this.#entries.flatMap(({ subscriber }) => subscriber.events))]
  }

  getHandlerCount(): number {
    return this.#entries.length
  }

  /** Removes the handlers of consumers whose name starts so, from this process only: their subscriptions stay, and events are kept for them. */
  removeByConsumerPrefix(prefix: string): void {
    this.#remove(({ definition }) => definition.consumerName.startsWith(prefix))
  }

  /** Removes all handlers, from this process only. */
  clear(): void {
    this.#remove(() => true)
  }

  #remove(isMeant: (entry: Entry) => boolean): void {
    const removed = this.#entries.filter(isMeant)
    this.#entries = this.#entries.filter((entry) => !isMeant(entry))
    this.#parts.serving.remove(removed.map(({ subscriber }) => subscriber))
  }

  #add(entries: ReadonlyArray<Entry>): void {
    let all = this.#entries
    for (const entry of entries) {
      const others = all.map(({ subscriber }) => subscriber)
      const problem = entry.subscriber.problem ?? findDuplicate(others, entry.subscriber)
      if (problem !== undefined) throw problem
      all = [...all, entry]
    }
    this.#entries = all
    this.#parts.serving.add(entries.map(({ subscriber }) => subscriber))
  }

  #entryOf(definition: Subscription): Entry {
    check(definition)
    const { eventName, handler, priority = 0 } = definition
    const consumer = consumerOf(definition.consumerName)
    const subscriber = make({
      consumer,
      event: eventName,
      priority,
      handler: (event) => invoke((context) => handler(handledEvent(event), this.#parts.contextOf(context)), Effect.void)
    })
    return {
      definition: { eventName, consumerName: consumer.name, handler, priority },
      subscriber: this.#parts.known(subscriber)
    }
  }
}
