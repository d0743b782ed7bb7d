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
  context: HandlerContext
  // biome-ignore lint/suspicious/noExplicitAny: a method may fail with anything, and need anything
) => Effect.Effect<unknown, any, any> | PromiseLike<unknown> | void

/** A class decorator, standard and legacy. @since 0.1.0 */
// biome-ignore lint/suspicious/noExplicitAny: a constructor may take anything
export type ClassDecorator = <Class extends abstract new (...args: any) => object>(
  value: Class,
  context?: ClassDecoratorContext<Class>
) => void

/** A method decorator, standard and legacy. @since 0.1.0 */
// biome-ignore lint/suspicious/noExplicitAny: as the compiler's own type of a decorated method
export interface MethodDecorator<in Allowed extends (...args: any) => any> {
  <This, Value extends Allowed>(value: Value, context: ClassMethodDecoratorContext<This, Value>): void
  <Value extends Allowed>(prototype: object, name: string | symbol, descriptor: TypedPropertyDescriptor<Value>): void
}

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
  ): MethodDecorator<Method<Source>> =>
  (valueOrPrototype: unknown, contextOrName: ClassMethodDecoratorContext | string | symbol) => {
    addMethod(valueOrPrototype, contextOrName, { event, options })
  }
