/**
 * Where events come from, and what follows from them.
 *
 * @since 0.1.0
 */
import { Context, Duration, Effect, Option } from "effect"
import { InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import { EventNotFound } from "../errors/OperationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { entityOf } from "../model/DomainEvent.ts"
import { Surroundings, type Within } from "../model/Surroundings.ts"
import { isMalformed } from "../model/traceparent.ts"
import { isObject } from "../publishing/inheritance.ts"
import { LineageStore } from "../stores/LineageStore.ts"
import { LinkStore } from "../stores/LinkStore.ts"
import { metersIn } from "../telemetry/meters.ts"
import type { LineageTree } from "./LineageTree.ts"
import { type Bounds, walk } from "./lineageWalk.ts"
import { treeOf } from "./treeOf.ts"

export type { Within } from "../model/Surroundings.ts"
export type { LineageDelivery as Delivery, LineageNode as Node, LineageTree as Tree } from "./LineageTree.ts"

/** Attempts, and links, that a tree shows at most. */
const maxDetails = 1000

const largestTree = 10_000

/** How far `of` looks. @since 0.1.0 */
export interface Options {
  /** Events at most, 1 to 10,000; default 1000. */
  readonly limit?: number
  /**
   * How long after an event was stored what follows from it is looked for; default a day. All events of that time are read, once
   * for each level of the tree, as nothing is indexed by cause.
   */
  readonly span?: Duration.Input
}

const refuse = (option: string, value: unknown, expected: string) =>
  Effect.fail(new InvalidOption({ option: `${option} of Lineage.of`, value: String(value), expected }))

/** Longest time after an event that is looked at, in milliseconds: ten years. */
const longestSpan = 10 * 365 * 86_400_000

const boundsOf = (options: Options): Effect.Effect<Bounds, InvalidOption | UnsupportedOption> => {
  const unknown = unknownOption("Lineage.of", options, ["limit", "span"])
  if (unknown !== undefined) return Effect.fail(unknown)
  const { limit = 1000, span = "1 day" } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > largestTree) {
    return refuse("limit", limit, `an integer from 1 to ${largestTree}`)
  }
  const spanMillis = Option.getOrElse(Option.map(Duration.fromInput(span), Duration.toMillis), () => Number.NaN)
  return spanMillis >= 0 && spanMillis <= longestSpan
    ? Effect.succeed({ limit, spanMillis })
    : refuse("span", span, "a duration from zero to ten years")
}

/**
 * The tree an event belongs to: from the first cause that is known here down to all that followed, with deliveries, failed attempts
 * and the links of their aggregates. It is read in several statements, so what happens meanwhile may be there in part.
 *
 * @param eventId - any of its events
 * @param options.limit - events at most, 1 to 10,000; default 1000
 * @param options.span - how long after an event what follows from it is looked for; default a day
 *
 * Fails with `EventNotFound`, `InvalidOption`, `UnsupportedOption` and `StoreError`.
 *
 * @since 0.1.0
 */
export const of = Effect.fn("Lineage.of")(function* (
  eventId: string,
  options: Options = {}
): Effect.fn.Return<
  LineageTree,
  EventNotFound | InvalidOption | UnsupportedOption | StoreError,
  LineageStore | LinkStore
> {
  const store = yield* LineageStore
  const links = yield* LinkStore
  const bounds = yield* boundsOf(options)
  const [asked] = yield* store.find([eventId])
  if (asked === undefined) return yield* new EventNotFound({ eventId })
  const walked = yield* walk(store, asked, bounds)
  const events = [...walked.events.values()]
  const ids = events.map(({ id }) => id)
  return treeOf(walked, {
    deliveries: yield* store.deliveriesOf(ids),
    attempts: yield* store.attemptsOf(ids, maxDetails),
    links: yield* links.findConnected(events.map(entityOf), maxDetails),
    maxDetails
  })
})

/** Types do not reach everybody who says where something is published. */
const checkWithin = (within: Within): void => {
  if (!isObject(within)) {
    const expected = "{ correlationId, traceparent, metadata }"
    throw new InvalidOption({ option: "options of Lineage.within", value: String(within), expected })
  }
  const unknown = unknownOption("Lineage.within", within, ["correlationId", "traceparent", "metadata"])
  if (unknown !== undefined) throw unknown
}

/**
 * Says where an effect publishes: its events take over the correlation, the trace and the metadata, unless they are published with
 * their own, or with a `cause`. For a request, a job or a script; inside another one, what is said adds to it. Throws
 * `InvalidOption` and `UnsupportedOption` for what nobody knows, as what is misspelt would be lost.
 *
 * @since 0.1.0
 */
export const within = (within: Within) => {
  checkWithin(within)
  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.contextWith((context: Context.Context<R>) => {
      const outer = Context.get(context, Surroundings)
      const isUseless = isMalformed(within.traceparent)
      if (isUseless) metersIn(context as Context.Context<never>).malformed.count++
      return Effect.provideService(effect, Surroundings, {
        correlationId: within.correlationId ?? outer?.correlationId,
        traceparent: isUseless ? outer?.traceparent : (within.traceparent ?? outer?.traceparent),
        // What is no object is refused by whoever publishes.
        metadata: isObject(within.metadata ?? {}) ? { ...outer?.metadata, ...within.metadata } : within.metadata
      })
    })
}
