/**
 * What to do about deliveries that gave up: look at them, open them again, or let them go.
 *
 * @since 0.1.0
 */
import { Context, DateTime, Effect, Layer, Option, type Schema } from "effect"
import { Registry } from "../delivery/Registry.ts"
import { InvalidOption } from "../errors/declaration.ts"
import { DeliveryNotFound } from "../errors/operation.ts"
import { EventDecodingError, EventEncodingError } from "../errors/payload.ts"
import type { StoreError } from "../errors/store.ts"
import { orderOf } from "../model/Consumer.ts"
import { decoderOf, issuesOf } from "../model/payloadCodec.ts"
import { defaultMaxPayloadBytes, isUuid, storableJson } from "../model/storable.ts"
import {
  type Changed,
  type DeadLetter,
  type DeadLetterContent,
  type DeadLetterFilter,
  DeadLetterStore
} from "../stores/DeadLetterStore.ts"
import type { AttemptRecord } from "../stores/delivery.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import { OutboxStore } from "../stores/OutboxStore.ts"
import { Transactor } from "../stores/Transactor.ts"
import { Notifier } from "../wakeups/Notifier.ts"

/** Which dead letters are meant; without a field, all. @since 0.1.0 */
export interface Filter extends Omit<DeadLetterFilter, "since" | "until"> {
  /** Gave up at this time or later. */
  readonly since?: DateTime.DateTime.Input
  /** Gave up before this time. */
  readonly until?: DateTime.DateTime.Input
}

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

/** Dead letters that are requeued or discarded in one transaction. */
const batch = 500

const maxLimit = 1000

const invalid = (option: string, value: unknown, expected: string) =>
  new InvalidOption({ option: `${option} of dead letters`, value: String(value), expected })

const timeOf = (name: "since" | "until", input: DateTime.DateTime.Input | undefined) => {
  if (input === undefined) return Effect.succeed({})
  const time = DateTime.make(input)
  return Option.isSome(time)
    ? Effect.succeed({ [name]: DateTime.toDateUtc(time.value) })
    : Effect.fail(invalid(name, input, "a time"))
}

const toStoreFilter = Effect.fnUntraced(function* (filter: Filter) {
  const { since, until, ...rest } = filter
  const wrong = filter.deliveryIds?.find((id) => !isUuid(id))
  if (wrong !== undefined) return yield* invalid("deliveryIds", wrong, "ids of deliveries")
  return { ...rest, ...(yield* timeOf("since", since)), ...(yield* timeOf("until", until)) } satisfies DeadLetterFilter
})

const checkPage = (limit: number, after: string | undefined) => {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    return Effect.fail(invalid("limit", limit, `an integer from 1 to ${maxLimit}`))
  }
  const [time = "", id = ""] = after?.split("/") ?? []
  const isCursor = after === undefined || (isUuid(id) && /^[\d\-:. +]{1,40}$/.test(time))
  return isCursor ? Effect.void : Effect.fail(invalid("after", after, "the next of an earlier page"))
}

const make = Effect.fnUntraced(function* (maxPayloadBytes: number) {
  const store = yield* DeadLetterStore
  const inbox = yield* InboxStore
  const outbox = yield* OutboxStore
  const registry = yield* Registry
  const notifier = yield* Notifier
  const transactor = yield* Transactor

  const known = Effect.fnUntraced(function* (deliveryId: string) {
    const delivery = isUuid(deliveryId) ? yield* inbox.findById(deliveryId) : undefined
    return delivery ?? (yield* new DeliveryNotFound({ deliveryId }))
  })

  const wake = (changed: ReadonlyArray<Changed>) =>
    transactor.afterCommit(notifier.announce(new Set(changed.map(({ consumer }) => consumer))))

  const open = Effect.fnUntraced(function* (deliveryIds: ReadonlyArray<string>, payload: string | undefined) {
    const changed = yield* store.requeue(deliveryIds, payload)
    yield* wake(changed)
    return changed.length
  })

  /** What waits behind them goes on, and their events have their final status. */
  const unpark = Effect.fnUntraced(function* (changed: ReadonlyArray<Changed>) {
    const consumers = yield* registry.consumers
    for (const [name, each] of Map.groupBy(changed, ({ consumer }) => consumer)) {
      const keys = [...new Set(each.flatMap(({ orderingKey }) => orderingKey ?? []))]
      const consumer = consumers.find((candidate) => candidate.name === name)
      // Not served here: with the stricter rule nothing is unparked that should wait; who serves it looks for the rest.
      const onDeadLetter = (consumer === undefined ? undefined : orderOf(consumer)) ?? "park"
      yield* inbox.unpark({ consumer: name, keys, onDeadLetter })
    }
  })

  const discard = (deliveryIds: ReadonlyArray<string>, reason: string | undefined) =>
    transactor.withTransaction(
      Effect.gen(function* () {
        const changed = yield* store.discard(deliveryIds, reason)
        yield* unpark(changed)
        yield* outbox.rollUp(changed.map(({ eventId }) => eventId))
        yield* wake(changed)
        return changed.length
      })
    )

  /** Page by page, those that had given up by now: what gives up again meanwhile is not taken twice. */
  const eachPage = Effect.fnUntraced(function* (
    filter: Filter,
    change: (deliveryIds: ReadonlyArray<string>) => Effect.Effect<number, StoreError>
  ) {
    const stored = yield* toStoreFilter(filter)
    let count = 0
    let after: string | undefined
    for (;;) {
      const page = yield* store.list(stored, after, batch)
      if (page.length > 0) count += yield* change(page.map(({ deliveryId }) => deliveryId))
      if (page.length < batch) return count
      after = page.at(-1)?.cursor
    }
  })

  /** Payload text for one delivery: storable, and fit for the handler if this process has it. */
  const checkPayload = Effect.fnUntraced(function* (deliveryId: string, payload: Schema.Json) {
    const { consumer, eventId, eventName } = yield* known(deliveryId)
    const stored = storableJson(payload, maxPayloadBytes)
    if ("issue" in stored) {
      const path = stored.issue.path === "" ? "payload" : `payload.${stored.issue.path}`
      return yield* new EventEncodingError({ eventName, issues: [{ path, message: stored.issue.message }] })
    }
    const definition = registry.handlerFor(consumer, eventName)?.definitions.get(eventName)
    if (definition !== undefined) {
      yield* Effect.mapError(
        decoderOf(definition)(payload),
        (error) => new EventDecodingError({ eventName, eventId, issues: issuesOf(error) })
      )
    }
    return stored.json
  })

  return DeadLetters.of({
    list: Effect.fn("DeadLetters.list")(function* ({ after, limit = 100, ...filter } = {}) {
      yield* checkPage(limit, after)
      const deadLetters = yield* store.list(yield* toStoreFilter(filter), after, limit)
      return { deadLetters, next: deadLetters.length < limit ? undefined : deadLetters.at(-1)?.cursor }
    }),
    inspect: Effect.fn("DeadLetters.inspect")(function* (deliveryId) {
      const found = isUuid(deliveryId) ? yield* store.find(deliveryId) : undefined
      if (found === undefined) return yield* new DeliveryNotFound({ deliveryId })
      return { ...found, attempts: yield* inbox.attempts(deliveryId) }
    }),
    requeue: Effect.fn("DeadLetters.requeue")(function* (deliveryId, options = {}) {
      const { payload } = options
      const json = payload === undefined ? undefined : yield* checkPayload(deliveryId, payload)
      yield* known(deliveryId)
      return (yield* open([deliveryId], json)) === 1
    }),
    requeueAll: Effect.fn("DeadLetters.requeueAll")(function* (filter) {
      return yield* eachPage(filter, (ids) => open(ids, undefined))
    }),
    discard: Effect.fn("DeadLetters.discard")(function* (deliveryId, options = {}) {
      yield* known(deliveryId)
      return (yield* discard([deliveryId], options.reason)) === 1
    }),
    discardAll: Effect.fn("DeadLetters.discardAll")(function* (filter, options = {}) {
      return yield* eachPage(filter, (ids) => discard(ids, options.reason))
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
     * One dead letter with its payload, as its handler gets it and as it was published, and its failed attempts. Fails
     * with `DeliveryNotFound` when there is none, or it has not given up.
     */
    readonly inspect: (deliveryId: string) => Effect.Effect<Details, DeliveryNotFound | StoreError>
    /**
     * Opens a delivery again: due at once, with no attempts counted; its history stays. With `ordering: "aggregate"` it
     * comes before those of its aggregate that wait behind it. Returns false when it has not given up.
     *
     * @param options.payload - what its handler gets from now on, as stored JSON, for this consumer only; the event
     * keeps its own. Default: what it had
     *
     * Fails with `DeliveryNotFound`; with `EventEncodingError` when the payload cannot be stored, and with
     * `EventDecodingError` when the handler of this process could not decode it: nothing is changed then.
     */
    readonly requeue: (
      deliveryId: string,
      options?: { readonly payload?: Schema.Json }
    ) => Effect.Effect<boolean, DeliveryNotFound | EventEncodingError | EventDecodingError | StoreError>
    /**
     * Opens all that a filter covers, `{}` for all there are, 500 in a transaction; an error leaves those before it
     * open. Returns how many. Fails with `InvalidOption`.
     */
    readonly requeueAll: (filter: Filter) => Effect.Effect<number, InvalidOption | StoreError>
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
    ) => Effect.Effect<number, InvalidOption | StoreError>
  }
>()("effect-integration/DeadLetters") {
  /**
   * @param options.maxPayloadBytes - largest edited payload in bytes of JSON; default 1 MiB
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options: { readonly maxPayloadBytes?: number } = {}
  ): Layer.Layer<DeadLetters, never, DeadLetterStore | InboxStore | OutboxStore | Registry | Notifier | Transactor> =>
    Layer.effect(DeadLetters, make(options.maxPayloadBytes ?? defaultMaxPayloadBytes))
}
