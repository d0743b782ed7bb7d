/**
 * Subscribers as classes: `@Consumer` on the class, `@Subscribe` on its methods.
 *
 * Sugar for `Subscriber.make`: `Subscriber.fromClass` and `fromInstance` turn a class into the same values. Standard
 * decorators and TypeScript's legacy ones (`experimentalDecorators`) both work; no `reflect-metadata` is needed.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect"
import * as ConsumerModule from "../model/Consumer.ts"
import type { EventOf, EventSource } from "../model/SubscriberValue.ts"
import { addMethod, consumers } from "./decoratorMetadata.ts"
import type { HandlerContext } from "./HandlerContext.ts"

/** What a decorated method may be: from the event to an Effect, a promise, or nothing. @since 0.1.0 */
export type Method<Source extends EventSource> = (
  event: EventOf<Source>,
  // biome-ignore lint/suspicious/noExplicitAny: whatever the integration's client calls a transaction
  context: HandlerContext<any>
  // biome-ignore lint/suspicious/noExplicitAny: a method may fail with anything, and need anything
) => Effect.Effect<unknown, any, any> | PromiseLike<unknown> | void

/** A class decorator, standard and legacy. @since 0.1.0 */
// biome-ignore lint/suspicious/noExplicitAny: a constructor may take anything
export type ClassDecorator = <Class extends abstract new (...args: any) => object>(
  value: Class,
  context?: ClassDecoratorContext<Class>
) => void

/** Names of a source's events, for words about it. */
type NamesOf<Source> = Source extends string
  ? Source
  : Source extends ReadonlyArray<infer Each>
    ? NamesOf<Each>
    : Source extends { readonly name: infer Name extends string }
      ? Name
      : string

// biome-ignore lint/suspicious/noExplicitAny: as the compiler's own type of a decorated method
type AnyMethod = (...args: any) => any

/** What a method is refused with: the compiler prints the words where it would take two overloads and their types apart. */
type Refusal<Source extends EventSource, Value> = Value extends (
  event: EventOf<Source>,
  // biome-ignore lint/suspicious/noExplicitAny: whatever the integration's client calls a transaction
  context: HandlerContext<any>
) => unknown
  ? "A method with @Subscribe returns an Effect, a promise, or nothing"
  : `The parameters of a method with @Subscribe of ${NamesOf<Source>} are that event and a HandlerContext`

/** The method itself if it can handle the source's events, else why not. */
type Checked<Source extends EventSource, Value> = Value extends Method<Source> ? Value : Refusal<Source, Value>

/**
 * A method decorator, standard (a method and its context) and legacy (a prototype, a name and a descriptor). One signature for both: of
 * several, the compiler explains the one that was not meant.
 *
 * @since 0.1.0
 */
export type MethodDecorator<Source extends EventSource> = <Target, Value extends AnyMethod>(
  methodOrPrototype: Target extends AnyMethod ? Checked<Source, Target> : Target,
  // biome-ignore lint/suspicious/noExplicitAny: the method is checked by the first argument
  contextOrName: ClassMethodDecoratorContext<any, any> | string | symbol,
  descriptor?: Value extends Method<Source> ? TypedPropertyDescriptor<Value> : Refusal<Source, Value>
) => void

/**
 * Makes a class a consumer.
 *
 * @param consumer - its name, or a `Consumer`
 * @param options - see `Consumer.make`. A class with an `async` method is `mode: "leased"` unless it says otherwise
 *
 * @since 0.1.0
 */
export const Consumer =
  (consumer: string | ConsumerModule.Consumer, options?: ConsumerModule.Options): ClassDecorator =>
  (value) => {
    consumers.set(
      value,
      typeof consumer === "string"
        ? ConsumerModule.make(consumer, options)
        : { ...consumer, ...(options && { options }) }
    )
  }

/**
 * Makes a method the handler of an event. Its parameter is checked against the definition by the compiler.
 *
 * @param event - a definition, several, or a pattern
 * @param options.priority - see `Subscriber.make`
 *
 * @since 0.1.0
 */
export const Subscribe =
  <const Source extends EventSource>(
    event: Source,
    options: { readonly priority?: number } = {}
  ): MethodDecorator<Source> =>
  (valueOrPrototype: unknown, contextOrName: ClassMethodDecoratorContext | string | symbol) => {
    addMethod(valueOrPrototype, contextOrName, { event, options })
  }
