/**
 * What decorators know about classes.
 *
 * Standard decorators of methods know their class only once it is instantiated, legacy ones know its prototype: both
 * are kept by the object that has the method.
 *
 * @internal
 */
import type { Consumer } from "../model/Consumer.ts"
import type { EventSource } from "../model/SubscriberValue.ts"

/** One decorated method. */
export interface DecoratedMethod {
  readonly method: string | symbol
  readonly event: EventSource
  readonly options: { readonly priority?: number }
}

/** Consumers by class. */
export const consumers = new WeakMap<object, Consumer>()

/** Decorated methods by instance (standard) or prototype (legacy). */
const decorated = new WeakMap<object, Array<DecoratedMethod>>()

const add = (owner: object, given: DecoratedMethod) => {
  const existing = decorated.get(owner)
  if (existing === undefined) decorated.set(owner, [given])
  else existing.push(given)
}

/**
 * Adds a decorated method.
 *
 * @param contextOrName - a standard decorator's context, or the method's name for a legacy one, whose first argument is
 * the prototype
 */
export const addMethod = (
  valueOrPrototype: unknown,
  contextOrName: ClassMethodDecoratorContext | string | symbol,
  given: Omit<DecoratedMethod, "method">
): void => {
  if (typeof contextOrName !== "object") {
    add(valueOrPrototype as object, { ...given, method: contextOrName })
    return
  }
  const { name } = contextOrName
  if (contextOrName.static || contextOrName.private) {
    throw new TypeError(`@Subscribe cannot be used on ${String(name)}: the method has to be public and not static.`)
  }
  contextOrName.addInitializer(function (this: unknown) {
    add(this as object, { ...given, method: name })
  })
}

/** Prototypes of an object, the base class's first. */
const prototypesOf = (instance: object): ReadonlyArray<object> => {
  const parent: object | null = Object.getPrototypeOf(instance)
  return parent === null || parent === Object.prototype ? [] : [...prototypesOf(parent), parent]
}

/** All decorated methods of an object; of a method that a subclass decorates again, the subclass's. */
export const decoratedMethodsOf = (instance: object): ReadonlyArray<DecoratedMethod> => {
  const found = [...prototypesOf(instance), instance].flatMap((owner) => decorated.get(owner) ?? [])
  return [...new Map(found.map((each) => [each.method, each])).values()]
}

/** The consumer of an object's class, or of the next base class that has one. */
export const consumerOf = (instance: object): Consumer | undefined => {
  for (const prototype of prototypesOf(instance).toReversed()) {
    const consumer = consumers.get(prototype.constructor)
    if (consumer !== undefined) return consumer
  }
  return undefined
}
