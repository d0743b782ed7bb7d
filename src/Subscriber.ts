/**
 * Subscribers: handlers declared for events, under a consumer.
 *
 * `make` is pure; `layer` registers subscribers, drains what is due and runs their consumers' workers for as long as
 * the layer lives.
 *
 * @since 0.1.0
 */
import { Context, Duration, Effect, Layer } from "effect"
import * as Consumer from "./Consumer.ts"
import type * as DomainEvent from "./DomainEvent.ts"
import { Directive } from "./internal/directive.ts"
import { Processor, type ServeError } from "./Processor.ts"

/** What a subscriber may be declared for: one definition, several, or a pattern such as `invoice.*`. @since 0.1.0 */
export type EventSource = DomainEvent.Definition.Any | ReadonlyArray<DomainEvent.Definition.Any> | string

/** The event a handler of this source receives; a pattern's payload is unknown, as stored JSON. @since 0.1.0 */
export type EventOf<Source> = Source extends string
  ? DomainEvent.DomainEvent<string, unknown>
  : Source extends ReadonlyArray<infer Each>
    ? DomainEvent.Of<Each>
    : DomainEvent.Of<Source>

/**
 * One handler under one consumer; `R` is what the handler still needs from the context.
 *
 * @since 0.1.0
 */
export interface Subscriber<out R = never> {
  readonly consumer: Consumer.Consumer
  /** Names and patterns it handles. */
  readonly events: ReadonlyArray<string>
  /** Definitions it decodes with, by name; an event of a pattern has none. */
  readonly definitions: ReadonlyMap<string, DomainEvent.Definition.Any>
  /** Place among the handlers of an event in `Registry.handlersOf`, highest first. */
  readonly priority: number
  readonly handler: (
    // biome-ignore lint/suspicious/noExplicitAny: the payload was checked against the definition by `make`
    event: DomainEvent.DomainEvent<string, any>
  ) => Effect.Effect<unknown, unknown, R>
  /** What the handler was given by `provideContext`. */
  readonly context: Context.Context<never>
  /** Options that were given but do not exist: refused when it is registered. */
  readonly unsupported: ReadonlyArray<string>
  /** Where it was declared, as far as the stack tells. */
  readonly declaredAt: string | undefined
}

/** Options of `make`. */
const supportedOptions: ReadonlyArray<string> = ["consumer", "event", "handler", "priority"]

/** First stack frame outside this file, as `file.ts:12`. */
const callSite = (): string | undefined => {
  const frame = new Error().stack?.split("\n")[3]
  return frame?.match(/([^/\\(\s]+:\d+):\d+\)?$/)?.[1]
}

/**
 * Declares a handler.
 *
 * The handler runs inside the delivery's transaction: what it writes through `SqlClient`, the events it publishes and
 * the links it creates commit together with the delivery's mark, or not at all. It may run more than once before its
 * attempt commits; effects outside the database are not covered.
 *
 * @param options.consumer - a `Consumer`, or a name for one with default options
 * @param options.event - a definition, several, or a pattern (`*` stands for any characters)
 * @param options.handler - from the event to an Effect. Success settles the delivery; failures and defects are retried
 * @param options.priority - place among the handlers of an event in the registry, highest first; default 0
 *
 * @since 0.1.0
 */
export const make = <const Source extends EventSource, E, R>(options: {
  readonly consumer: Consumer.Consumer | string
  readonly event: Source
  readonly handler: (event: EventOf<NoInfer<Source>>) => Effect.Effect<unknown, E, R>
  readonly priority?: number
}): Subscriber<R> => {
  const source: EventSource = options.event
  const definitions = typeof source === "string" ? [] : "name" in source ? [source] : source
  return {
    consumer: Consumer.from(options.consumer),
    events: typeof source === "string" ? [source] : definitions.map((definition) => definition.name),
    definitions: new Map(definitions.map((definition) => [definition.name, definition])),
    priority: options.priority ?? 0,
    handler: (event) => options.handler(event as EventOf<Source>),
    context: Context.empty(),
    unsupported: Object.keys(options).filter((option) => !supportedOptions.includes(option)),
    declaredAt: callSite()
  }
}

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

/** What the handlers of these subscribers need. */
type Requirements<Each> = Each extends Subscriber<infer R> ? R : never

/**
 * Registers subscribers and runs their consumers while the layer lives.
 *
 * Building it writes the durable subscriptions, drains what was due (`startupDrainEnabled`), and starts the workers;
 * only then it is ready. Closing it stops claiming, lets running handlers finish within the grace period, gives the
 * rest back without counting their attempts, and only then removes the handlers.
 *
 * Fails with `DuplicateSubscriber`, `ConsumerConflict`, `InvalidIdentifier`, `InvalidOption`, `UnsupportedOption`, or
 * `StoreError`; nothing stays registered in this process then.
 *
 * @since 0.1.0
 */
// biome-ignore lint/suspicious/noExplicitAny: each subscriber brings its own requirements, collected in the result
export const layer = <Subscribers extends ReadonlyArray<Subscriber<any>>>(
  ...subscribers: Subscribers
): Layer.Layer<never, ServeError, Processor | Requirements<Subscribers[number]>> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const processor = yield* Processor
      const context = yield* Effect.context<Requirements<Subscribers[number]>>()
      yield* processor.serve(subscribers.map((subscriber) => provideContext(subscriber, context) as Subscriber))
    })
  )

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
 * @param delay - from now, by the database's clock
 * @param error - what is kept as the last error; default says that a retry was asked for
 *
 * @since 0.1.0
 */
export const retryAfter = (delay: Duration.Input, error?: unknown): Effect.Effect<never, Directive> =>
  Effect.fail(Directive.RetryAfter(Duration.toMillis(delay), error))
