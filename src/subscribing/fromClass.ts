/**
 * Subscribers of decorated classes and their instances.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { NotDecorated, PromiseHandlerMode } from "../errors/DeclarationErrors.ts"
import * as Consumer from "../model/Consumer.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"
import { make } from "./declare.ts"
import { consumerOf, type DecoratedMethod, decoratedMethodsOf } from "./decoratorMetadata.ts"
import { type HandlerServices, invoke } from "./HandlerContext.ts"

/** What the methods of a class need, as far as they return Effects, and what their contexts are made of. */
type MethodServices<Instance> =
  | HandlerServices
  | {
      // biome-ignore lint/suspicious/noExplicitAny: whatever a method takes
      readonly [Key in keyof Instance]: Instance[Key] extends (...args: any) => infer Returned
        ? ServicesOf<Returned>
        : never
    }[keyof Instance]

type ServicesOf<Returned> = Returned extends Effect.Effect<unknown, unknown, infer R> ? R : never

const isAsync = (method: unknown) => Object.prototype.toString.call(method) === "[object AsyncFunction]"

const placeholder = { consumer: "", event: [], handler: () => Effect.void } as const

/** Stands for an object that cannot be registered. */
const refused = (instance: object, missing: NotDecorated["missing"]): Subscriber<never> => ({
  ...make(placeholder),
  problem: new NotDecorated({ className: instance.constructor?.name || "Object", missing })
})

/** The instance's own methods: a subclass may have overridden the decorated ones. */
const methodsOf = (instance: object) =>
  instance as Record<string | symbol, (event: unknown, context: unknown) => unknown>

const fromMethod = (instance: object, consumer: Consumer.Consumer, { event, method, options }: DecoratedMethod) => {
  const mode = new PromiseHandlerMode({ consumer: consumer.name, handler: String(method) })
  const methods = methodsOf(instance)
  return make({
    consumer,
    event,
    ...options,
    handler: (given: unknown) =>
      invoke(
        (context) => methods[method]?.(given, context),
        consumer.options.mode === undefined ? Effect.fail(mode) : Effect.void
      )
  })
}

/** A class with an async method, whose consumer does not say how deliveries are held, is leased. */
const withMode = (instance: object, consumer: Consumer.Consumer, decorated: ReadonlyArray<DecoratedMethod>) =>
  consumer.options.mode === undefined && decorated.some(({ method }) => isAsync(methodsOf(instance)[method]))
    ? Consumer.make(consumer.name, { ...consumer.options, mode: "leased" })
    : consumer

/**
 * Whether `fromInstance` is for this: an object whose class, or a base class, has `@Consumer` or a method with `@Subscribe`. For
 * containers that hold other objects as well. One that has only one of both is decorated, so that `fromInstance` says what is missing.
 *
 * @param instance - anything
 *
 * @since 0.1.0
 */
export const isDecorated = (instance: unknown): instance is object =>
  typeof instance === "object" &&
  instance !== null &&
  (consumerOf(instance) !== undefined || decoratedMethodsOf(instance).length > 0)

/**
 * The subscribers of an object whose class has `@Consumer` and whose methods have `@Subscribe`: one for each method,
 * called on this object. For objects that somebody else makes, such as a dependency injection container: see `isDecorated`.
 *
 * A method returns an Effect, whose requirements the layer has to meet, or a promise. A class with an `async` method has
 * `mode: "leased"` unless its consumer says otherwise; a method that is not `async` and returns a promise fails with
 * `PromiseHandlerMode` unless it says one.
 *
 * @since 0.1.0
 */
export const fromInstance = <Instance extends object>(
  instance: Instance
): ReadonlyArray<Subscriber<MethodServices<Instance>>> => {
  const consumer = consumerOf(instance)
  const decorated = decoratedMethodsOf(instance)
  if (consumer === undefined) return [refused(instance, "Consumer")]
  if (decorated.length === 0) return [refused(instance, "Subscribe")]
  const held = withMode(instance, consumer, decorated)
  return decorated.map((each) => fromMethod(instance, held, each)) as ReadonlyArray<
    Subscriber<MethodServices<Instance>>
  >
}

/**
 * The subscribers of a new instance of a decorated class: see `fromInstance`.
 *
 * @since 0.1.0
 */
export const fromClass = <Instance extends object>(
  constructor: new () => Instance
): ReadonlyArray<Subscriber<MethodServices<Instance>>> => fromInstance(new constructor())
