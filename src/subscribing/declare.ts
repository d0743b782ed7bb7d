/**
 * Declaring subscribers, and what their handlers say about a delivery besides succeeding and failing.
 *
 * @since 0.1.0
 */
import { Context, Duration, Effect, Option } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import type * as Consumer from "../model/Consumer.ts"
import { Directive } from "../model/Directive.ts"
import type { EventOf, EventSource, Handler, ItemOutcome, Subscriber } from "../model/SubscriberValue.ts"
import { longestDelayMillis } from "../model/storable.ts"
import { type Declared, missingOption, sourceOf } from "./requiredOptions.ts"

/** Options of `make` and `batch`. */
const supportedOptions: ReadonlyArray<string> = ["consumer", "event", "handler", "priority"]

/** The place of a stack frame as `file.ts:12`. */
const placeOf = (frame: string) => frame.match(/([^/\\(\s]+:\d+):\d+\)?$/)?.[1]

/** The folder of this package, in a stack frame of this file. */
const folderIn = (frame: string) => frame.match(/\((.*[\\/])subscribing[\\/]declare\.[jt]s:/)?.[1]

/**
 * Where a subscriber is declared: the place of the first stack frame outside of this package. In a bundle, where the
 * package has no folder, the place `make` or `batch` is called at.
 */
const callSite = (): string | undefined => {
  const frames = new Error().stack?.split("\n").slice(1) ?? []
  const folder = folderIn(frames[0] ?? "")
  // The first three are of this file: this function, `declare`, and `make` or `batch`.
  const callers = frames.slice(3).filter((frame) => placeOf(frame) !== undefined)
  const found = callers.find((frame) => folder === undefined || !frame.includes(folder)) ?? callers[0]
  return found === undefined ? undefined : placeOf(found)
}

const declare = <R>(options: Declared, handler: Handler<R>): Subscriber<R> => {
  const { consumer, source } = sourceOf(options)
  const problem = missingOption(options)
  const definitions = typeof source === "string" ? [] : "name" in source ? [source] : source
  return {
    consumer,
    events: typeof source === "string" ? [source] : definitions.map((definition) => definition.name),
    definitions: new Map(definitions.map((definition) => [definition.name, definition])),
    priority: problem === undefined ? (options.priority ?? 0) : 0,
    handler,
    context: Context.empty(),
    problem: problem ?? unknownOption(`Subscriber of consumer "${consumer.name}"`, options, supportedOptions),
    declaredAt: callSite()
  }
}

/**
 * Declares a handler.
 *
 * The handler runs inside the delivery's transaction: what it writes through `SqlClient`, the events it publishes and
 * the links it creates commit together with the delivery's mark, or not at all. It may run more than once before its
 * attempt commits; effects outside the database are not covered.
 *
 * Under a consumer with `mode: "leased"` it runs outside of any transaction, for effects outside the database:
 * `event.deliveryId` is the same in every attempt, and serves as their idempotency key. What it publishes and links is
 * written when it has succeeded, with the delivery's mark; only then have they positions and final ids.
 *
 * @param options.consumer - a `Consumer`, or a name for one with default options
 * @param options.event - a definition, several, or a pattern (`*` stands for any characters)
 * @param options.handler - from the event to an Effect. Success settles the delivery; failures and defects are retried
 * @param options.priority - a head start over consumers of lower priority: they get an event one second later for each
 * priority above theirs, or as soon as all above have attempted it. It never blocks. An integer, default 0; of several
 * subscriptions of a consumer that match, the highest counts
 *
 * @since 0.1.0
 */
export const make = <const Source extends EventSource, E, R>(options: {
  readonly consumer: Consumer.Consumer | string
  readonly event: Source
  readonly handler: (event: EventOf<NoInfer<Source>>) => Effect.Effect<unknown, E, R>
  readonly priority?: number
}): Subscriber<R> => declare(options, { _tag: "Single", handle: (event) => options.handler(event as EventOf<Source>) })

/**
 * Declares a handler that gets all events of a claimed batch in one call, to write them with one statement.
 *
 * It runs inside the batch's transaction and returns an outcome for each event: `processed`, `skipped` or `failed`. An
 * event without one counts as failed. If one failed, everything the call wrote is rolled back; those that failed are
 * repeated one per call, where their failure is charged to them alone, and the others come again in a smaller batch. If
 * the call itself fails, all of its events are repeated one per call.
 *
 * How many events a call gets follows the backlog: from the consumer's `batchSize` up to 500. The consumer's `timeout`
 * is that of a call.
 *
 * @param options.handler - from events to their outcomes, in any order; see `make` for the other options
 *
 * @since 0.1.0
 */
export const batch = <const Source extends EventSource, E, R>(options: {
  readonly consumer: Consumer.Consumer | string
  readonly event: Source
  readonly handler: (events: ReadonlyArray<EventOf<NoInfer<Source>>>) => Effect.Effect<ReadonlyArray<ItemOutcome>, E, R>
  readonly priority?: number
}): Subscriber<R> =>
  declare(options, {
    _tag: "Batch",
    handle: (events) => options.handler(events as ReadonlyArray<EventOf<Source>>)
  })

/** Sets the delay before the next attempt; one that no database can add to a time ends the delivery, as any would. */
/** A directive with a delay; one that is none makes the delivery a dead letter. */
const delayed = (delay: Duration.Input, name: string, make: (millis: number) => Directive): Directive => {
  const millis = Option.map(Duration.fromInput(delay), Duration.toMillis)
  return !Number.isNaN(delay) && Option.isSome(millis) && millis.value <= longestDelayMillis
    ? make(millis.value)
    : Directive.Fatal(
        new InvalidOption({
          option: `delay of Subscriber.${name}`,
          value: String(delay),
          expected: "a duration from zero to 800 years"
        })
      )
}

const retryDirective = (delay: Duration.Input, error: unknown) =>
  delayed(delay, "retryAfter", (millis) => Directive.RetryAfter(millis, error))

/** Nothing counts how often a delivery is given back: what is due again at once would never rest. */
const shortestSnooze = 100

const snoozeDirective = (name: "snooze" | "cool" | "snoozed", delay: Duration.Input, reason: string | undefined) =>
  delayed(delay, name, (millis) =>
    Directive.Snooze(
      Math.max(shortestSnooze, millis),
      // Types do not reach everybody who writes a handler.
      reason === undefined ? undefined : String(reason),
      name === "cool"
    )
  )

/** An event of a batch is settled as processed. @since 0.1.0 */
export const processed = (event: { readonly deliveryId: string }): ItemOutcome => ({
  deliveryId: event.deliveryId,
  status: "processed",
  reason: undefined,
  error: undefined
})

/**
 * An event of a batch is settled as skipped; what was written stays.
 *
 * @param reason - kept in `last_error`, cut to 1023 characters; default none
 *
 * @since 0.1.0
 */
export const skipped = (event: { readonly deliveryId: string }, reason?: string): ItemOutcome => ({
  deliveryId: event.deliveryId,
  status: "skipped",
  reason,
  error: undefined
})

/**
 * An event of a batch failed.
 *
 * @param error - kept in `last_error`
 * @param options.isFatal - a dead letter at once, as with `fatal`
 * @param options.retryAfter - delay before the next attempt, as with `retryAfter`
 *
 * @since 0.1.0
 */
export const failed = (
  event: { readonly deliveryId: string },
  error: unknown,
  options: { readonly isFatal?: boolean; readonly retryAfter?: Duration.Input } = {}
): ItemOutcome => ({
  deliveryId: event.deliveryId,
  status: "failed",
  reason: undefined,
  error:
    options.isFatal === true
      ? Directive.Fatal(error)
      : options.retryAfter === undefined
        ? error
        : retryDirective(options.retryAfter, error)
})

/**
 * An event of a batch is given back, as with `snooze`; its neighbours stay. What the handler wrote stays with them, so it should
 * have written nothing for this one; if an ordered consumer's handler has processed a later event of the same aggregate, all of the call
 * is rolled back instead.
 *
 * @param delay - from now, by the database's clock; at least 100 ms, at most 800 years
 * @param reason - kept in `last_error`, cut to 1023 characters; default none
 *
 * @since 0.1.0
 */
export const snoozed = (
  event: { readonly deliveryId: string },
  delay: Duration.Input,
  reason?: string
): ItemOutcome => ({
  deliveryId: event.deliveryId,
  status: "snoozed",
  reason: undefined,
  error: snoozeDirective("snoozed", delay, reason)
})

/** Whether something was made by this module. @internal */
export const isSubscriber = (given: unknown): given is Subscriber =>
  typeof given === "object" && given !== null && "handler" in given && "declaredAt" in given && "context" in given

/**
 * The same subscriber with its handler's requirements met from `context`.
 *
 * The handler gets what its own layer was built with; of what surrounds the running delivery it gets only what the
 * delivery brought: its transaction and the event.
 *
 * @since 0.1.0
 */
export const provideContext = <R, Provided>(
  self: Subscriber<R>,
  context: Context.Context<Provided>
): Subscriber<Exclude<R, Provided>> =>
  ({ ...self, context: Context.merge(self.context, context) }) as Subscriber<Exclude<R, Provided>>

/**
 * Ends the delivery as `skipped`: an outcome, not a failure. What the handler wrote so far stays.
 *
 * @param reason - kept in `last_error`, cut to 1023 characters; default none
 *
 * @since 0.1.0
 */
export const skip = (reason?: string): Effect.Effect<never, Directive> => Effect.fail(Directive.Skip(reason))

/**
 * Ends the delivery as a dead letter at once: retrying cannot help. What the handler wrote is rolled back.
 *
 * @param error - what is kept as the last error
 *
 * @since 0.1.0
 */
export const fatal = (error: unknown): Effect.Effect<never, Directive> => Effect.fail(Directive.Fatal(error))

/**
 * Fails this attempt and sets the delay before the next one; attempts still count towards `maxAttempts`.
 *
 * @param delay - from now, by the database's clock; from zero to 800 years, else the delivery is a dead letter at once, with
 * `InvalidOption`
 * @param error - what is kept as the last error; default says that a retry was asked for
 *
 * @since 0.1.0
 */
export const retryAfter = (delay: Duration.Input, error?: unknown): Effect.Effect<never, Directive> =>
  Effect.suspend(() => Effect.fail(retryDirective(delay, error)))

/**
 * Gives the delivery back: it is due again after a while, and no attempt is counted, however often. For what is not the event's
 * fault, as when something is out of reach. What the handler wrote is rolled back; other deliveries are not concerned, but that an
 * ordered consumer's later events of the same aggregate wait for this one.
 *
 * @param delay - from now, by the database's clock; at least 100 ms, at most 800 years, else the delivery is a dead letter at
 * once, with `InvalidOption`
 * @param reason - kept in `last_error`, cut to 1023 characters, with the tag `Snoozed`; default none
 *
 * @since 0.1.0
 */
export const snooze = (delay: Duration.Input, reason?: string): Effect.Effect<never, Directive> =>
  Effect.suspend(() => Effect.fail(snoozeDirective("snooze", delay, reason)))

/**
 * Gives the delivery back as `snooze` does, and holds all that its consumer has, in all processes, for as long: what is out of
 * reach is not asked for by the others. Handlers that are running go on. `Processor.resume` ends it.
 *
 * @param delay - as of `snooze`
 * @param reason - as of `snooze`
 *
 * @since 0.1.0
 */
export const cool = (delay: Duration.Input, reason?: string): Effect.Effect<never, Directive> =>
  Effect.suspend(() => Effect.fail(snoozeDirective("cool", delay, reason)))
