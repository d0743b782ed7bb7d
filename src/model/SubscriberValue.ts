/**
 * A subscriber as a value: what it handles, under which consumer. What everybody may know of it; `Subscriber.ts` makes and
 * runs them.
 *
 * @since 0.1.0
 */
import type { Context, Effect } from "effect"
import type { InvalidOption, NotDecorated, UnsupportedOption } from "../errors/DeclarationErrors.ts"
import type * as Consumer from "./Consumer.ts"
import type * as DomainEvent from "./DomainEvent.ts"

/** What a subscriber may be declared for: one definition, several, or a pattern such as `invoice.*`. @since 0.1.0 */
export type EventSource = DomainEvent.Definition.Any | ReadonlyArray<DomainEvent.Definition.Any> | string

/** The event a handler of this source receives; a pattern's payload is unknown, as stored JSON. @since 0.1.0 */
export type EventOf<Source> = Source extends string
  ? DomainEvent.DomainEvent<string, unknown>
  : Source extends ReadonlyArray<infer Each>
    ? DomainEvent.Of<Each>
    : DomainEvent.Of<Source>

/** What can be wrong with a declaration; raised when the subscriber is registered. @since 0.1.0 */
export type DeclarationError = InvalidOption | UnsupportedOption | NotDecorated

/** What a subscriber does with its events. @since 0.1.0 */
export type Handler<R> =
  | {
      readonly _tag: "Single"
      // biome-ignore lint/suspicious/noExplicitAny: the payload was checked against the definition by `make`
      readonly handle: (event: DomainEvent.DomainEvent<string, any>) => Effect.Effect<unknown, unknown, R>
    }
  | {
      readonly _tag: "Batch"
      readonly handle: (
        // biome-ignore lint/suspicious/noExplicitAny: the payload was checked against the definition by `batch`
        events: ReadonlyArray<DomainEvent.DomainEvent<string, any>>
      ) => Effect.Effect<ReadonlyArray<ItemOutcome>, unknown, R>
    }

/**
 * How one event of a batch ended: made with `processed`, `skipped`, `failed` and `snoozed`.
 *
 * @since 0.1.0
 */
export interface ItemOutcome {
  readonly deliveryId: string
  readonly status: "processed" | "skipped" | "failed" | "snoozed"
  /** For `skipped`. */
  readonly reason: string | undefined
  /** For `failed`: the error, or a directive; for `snoozed` a directive. */
  readonly error: unknown
}

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
  /** Its head start over other consumers of the same event, highest first. */
  readonly priority: number
  /** Handles one event, or several in one call. */
  readonly handler: Handler<R>
  /** What the handler was given by `provideContext`. */
  readonly context: Context.Context<never>
  /** What was wrong with its declaration: raised when it is registered. */
  readonly problem: DeclarationError | undefined
  /** Where it was declared, as far as the stack tells. */
  readonly declaredAt: string | undefined
}
