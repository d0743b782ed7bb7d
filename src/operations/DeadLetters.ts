/**
 * What to do about deliveries that gave up: look at them, open them again, or let them go.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, type Schema } from "effect"
import { Registry } from "../delivery/Registry.ts"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { type ConsumerNotFound, DeadLetterChanged, DeliveryNotFound } from "../errors/OperationErrors.ts"
import type { EventDecodingError, EventEncodingError, VersionRetired } from "../errors/PayloadErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { defaultMaxPayloadBytes, isUuid } from "../model/storable.ts"
import { entryOf } from "../stores/AuditStore.ts"
import {
  type DeadLetter,
  type DeadLetterContent,
  DeadLetterStore,
  discardedTag,
  type Seen
} from "../stores/DeadLetterStore.ts"
import type { AttemptRecord } from "../stores/Delivery.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import type { OutboxStore } from "../stores/OutboxStore.ts"
import { SubscriptionStore } from "../stores/SubscriptionStore.ts"
import { Transactor } from "../stores/Transactor.ts"
import { Notifier } from "../wakeups/Notifier.ts"
import { discard, eachPage, requeue, type Services } from "./changeDeadLetters.ts"
import type { Filter } from "./DeadLetterSelection.ts"
import { checkPage, toStoreFilter } from "./deadLetterFilter.ts"
import { type Edited, editedPayload } from "./editedPayload.ts"

export type { Filter } from "./DeadLetterSelection.ts"

/** One page of a list. @since 0.1.0 */
export interface Page {
  readonly deadLetters: ReadonlyArray<DeadLetter>
  /** `after` of the next page; undefined on the last. */
  readonly next: string | undefined
}

/** A dead letter with its payload and the history of its attempts. @since 0.1.0 */
export interface Details extends DeadLetterContent {
  readonly attempts: ReadonlyArray<AttemptRecord>
}

/** How a dead letter is requeued. @since 0.1.0 */
export interface Requeueing {
  /**
   * What its handler gets from now on, as stored JSON, for this consumer only; the event keeps its own. Default: what it had. Its numbers
   * are those of JavaScript: `payloadText` changes none.
   */
  readonly payload?: Schema.Json
  /** The same as JSON text, as `inspect` gives it and somebody edited it: numbers keep all their digits. Not beside `payload`. */
  readonly payloadText?: string
  /** What was seen of it: when it is not so any more, nothing is changed. Default: it may have changed. */
  readonly expect?: Seen
  /** For the audit. */
  readonly reason?: string
}

/** A delivery, whatever its status. */
const find = Effect.fnUntraced(function* (inbox: InboxStore["Service"], deliveryId: string) {
  const delivery = isUuid(deliveryId) ? yield* inbox.findById(deliveryId) : undefined
  return delivery ?? (yield* new DeliveryNotFound({ deliveryId }))
})

/** The payload that is given, if one is: one way or the other. */
const editedOf = ({ payload, payloadText }: Requeueing): Effect.Effect<Edited | undefined, InvalidOption> => {
  const refuse = (value: unknown, expected: string) =>
    Effect.fail(new InvalidOption({ option: "payloadText of DeadLetters.requeue", value: String(value), expected }))
  if (payloadText === undefined) return Effect.succeed(payload === undefined ? undefined : { payload })
  if (payload !== undefined) return refuse("given beside payload", "one of the two")
  return typeof payloadText === "string" ? Effect.succeed({ payloadText }) : refuse(payloadText, "JSON as a text")
}

/** Why a dead letter was not changed that is not as it was seen. */
const changed = Effect.fnUntraced(function* ({ inbox, store }: Services, deliveryId: string) {
  const letter = yield* store.find(deliveryId)
  if (letter !== undefined) {
    const { attemptCount, gaveUpAt, status } = letter
    return yield* new DeadLetterChanged({ deliveryId, state: status, attemptCount, gaveUpAt: gaveUpAt.toISOString() })
  }
  const { attemptCount, errorTag, status } = yield* find(inbox, deliveryId)
  const state = errorTag === discardedTag ? "discarded" : status
  return yield* new DeadLetterChanged({ deliveryId, state, attemptCount, gaveUpAt: null })
})

const make = Effect.fnUntraced(function* (maxPayloadBytes: number) {
  const services: Services = {
    store: yield* DeadLetterStore,
    inbox: yield* InboxStore,
    registry: yield* Registry,
    notifier: yield* Notifier,
    transactor: yield* Transactor,
    subscriptions: yield* SubscriptionStore
  }
  const { inbox, registry, store } = services
  return DeadLetters.of({
    list: Effect.fn("DeadLetters.list")(function* ({ after, limit = 100, ...filter } = {}) {
      yield* checkPage(limit, after)
      const deadLetters = yield* store.list(yield* toStoreFilter(filter), after, limit)
      return { deadLetters, next: deadLetters.length < limit ? undefined : deadLetters.at(-1)?.cursor }
    }),
    count: Effect.fn("DeadLetters.count")(function* (filter = {}) {
      return yield* store.count(yield* toStoreFilter(filter))
    }),
    inspect: Effect.fn("DeadLetters.inspect")(function* (deliveryId) {
      const found = isUuid(deliveryId) ? yield* store.find(deliveryId) : undefined
      if (found === undefined) {
        const { errorTag, status } = yield* find(inbox, deliveryId)
        const state = errorTag === discardedTag ? "discarded" : status
        return yield* new DeliveryNotFound({ deliveryId, state })
      }
      return { ...found, attempts: yield* inbox.attempts(found) }
    }),
    requeue: Effect.fn("DeadLetters.requeue")(function* (deliveryId, options = {}) {
      const { expect, reason } = options
      const delivery = yield* find(inbox, deliveryId)
      const edited = yield* editedOf(options)
      const payload =
        edited === undefined ? undefined : yield* editedPayload(registry, delivery, edited, maxPayloadBytes)
      const action = `deadLetters.${edited === undefined ? "requeue" : "edit"}`
      const audit = yield* entryOf({ action, target: deliveryId, reason: reason ?? null })
      const isRequeued = (yield* requeue(services, [deliveryId], { payload, seen: expect, audit })) === 1
      if (!isRequeued && expect !== undefined) return yield* changed(services, deliveryId)
      return isRequeued
    }),
    check: Effect.fn("DeadLetters.check")(function* (deliveryId, payloadText) {
      const delivery = yield* find(inbox, deliveryId)
      yield* editedPayload(registry, delivery, { payloadText }, maxPayloadBytes)
      const { consumer, eventName } = delivery
      return { hasHandler: registry.handlerFor(consumer, eventName)?.definitions.has(eventName) === true }
    }),
    requeueAll: Effect.fn("DeadLetters.requeueAll")(function* (filter) {
      return yield* eachPage(services, filter, "deadLetters.requeueAll", undefined, (ids, audit) =>
        requeue(services, ids, { audit })
      )
    }),
    discard: Effect.fn("DeadLetters.discard")(function* (deliveryId, { reason } = {}) {
      yield* find(inbox, deliveryId)
      const audit = yield* entryOf({ action: "deadLetters.discard", target: deliveryId, reason: reason ?? null })
      return (yield* discard(services, [deliveryId], reason, audit)) === 1
    }),
    discardAll: Effect.fn("DeadLetters.discardAll")(function* (filter, { reason } = {}) {
      return yield* eachPage(services, filter, "deadLetters.discardAll", reason, (ids, audit) =>
        discard(services, ids, reason, audit)
      )
    })
  })
})

/**
 * Deliveries that gave up: dead letters, and those that ended as `failed` while dead letters were switched off.
 * Operations fail with `StoreError`. Each is safe when it is done twice at once, or while deliveries go on: a delivery
 * that has not given up, or not any more, is left alone.
 *
 * @since 0.1.0
 */
export class DeadLetters extends Context.Service<
  DeadLetters,
  {
    /**
     * The last first. Payloads are not read for it, so one that cannot be read hides nothing.
     *
     * @param options.limit - how many, 1 to 1000; default 100
     * @param options.after - `next` of the page before; default the first page
     *
     * Fails with `InvalidOption`.
     */
    readonly list: (
      options?: Filter & { readonly limit?: number; readonly after?: string }
    ) => Effect.Effect<Page, InvalidOption | StoreError>
    /**
     * How many a filter covers; default all there are. It looks at each of them: what only wants to know whether there are
     * some lists one.
     *
     * Fails with `InvalidOption`.
     */
    readonly count: (filter?: Filter) => Effect.Effect<number, InvalidOption | StoreError>
    /**
     * One dead letter with its payload, as its handler gets it and as it was published, and its failed attempts. Fails
     * with `DeliveryNotFound` when there is none, or it has not given up: its `state` says what has become of it then.
     */
    readonly inspect: (deliveryId: string) => Effect.Effect<Details, DeliveryNotFound | StoreError>
    /**
     * Opens a delivery again: due at once, with no attempts counted; its history stays. With `ordering: "aggregate"` it
     * comes before those of its aggregate that wait behind it. Returns false when it has not given up.
     *
     * Fails with `DeliveryNotFound`; with `DeadLetterChanged` when it is not as `expect` says; with `EventEncodingError` when the payload
     * cannot be stored, and with `EventDecodingError`, or `VersionRetired`, when the handler of this process could not decode it: nothing is
     * changed then. It is read as a payload of the version that the event was stored in. Issues of a text say in which line and column.
     */
    readonly requeue: (
      deliveryId: string,
      options?: Requeueing
    ) => Effect.Effect<
      boolean,
      | DeliveryNotFound
      | DeadLetterChanged
      | InvalidOption
      | EventEncodingError
      | EventDecodingError
      | VersionRetired
      | StoreError
    >
    /**
     * Whether a payload, as JSON text, would do for a delivery: fails as `requeue` with that text would. Nothing is changed. `hasHandler`
     * says whether this process has a handler with a definition, which could judge it; else it is only known that it can be stored.
     */
    readonly check: (
      deliveryId: string,
      payloadText: string
    ) => Effect.Effect<
      { readonly hasHandler: boolean },
      DeliveryNotFound | EventEncodingError | EventDecodingError | VersionRetired | StoreError
    >
    /**
     * Opens all that a filter covers, `{}` for all there are, 500 in a transaction; an error leaves those before it
     * open. Returns how many. Fails with `InvalidOption`: also for a field that is there and undefined, as it would cover all; and with
     * `ConsumerNotFound`, which names the nearest, when it covers none and its consumer is none that was ever registered.
     */
    readonly requeueAll: (filter: Filter) => Effect.Effect<number, ConsumerNotFound | InvalidOption | StoreError>
    /**
     * Ends a delivery as `skipped`, with the error tag `Discarded`; what waits behind it goes on. It cannot be taken
     * back. Returns false when it has not given up; fails with `DeliveryNotFound`.
     *
     * @param options.reason - replaces its last error, cut to 1023 characters; default: that stays
     */
    readonly discard: (
      deliveryId: string,
      options?: { readonly reason?: string }
    ) => Effect.Effect<boolean, DeliveryNotFound | StoreError>
    /** Discards all that a filter covers, `{}` for all there are: see `discard` and `requeueAll`. */
    readonly discardAll: (
      filter: Filter,
      options?: { readonly reason?: string }
    ) => Effect.Effect<number, ConsumerNotFound | InvalidOption | StoreError>
  }
>()("effect-integration/DeadLetters") {
  /**
   * @param options.maxPayloadBytes - largest edited payload in bytes of JSON; default 1 MiB
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options: { readonly maxPayloadBytes?: number } = {}
  ): Layer.Layer<
    DeadLetters,
    never,
    DeadLetterStore | InboxStore | OutboxStore | Registry | Notifier | SubscriptionStore | Transactor
  > => Layer.effect(DeadLetters, make(options.maxPayloadBytes ?? defaultMaxPayloadBytes))
}
