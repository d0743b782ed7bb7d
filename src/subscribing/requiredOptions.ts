/**
 * What has to be said of a subscriber: types do not reach everybody who declares one. What is missing is told when it is registered.
 *
 * @internal
 */
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { nearest } from "../errors/nearest.ts"
import * as Consumer from "../model/Consumer.ts"
import type { EventSource } from "../model/SubscriberValue.ts"

/** What a subscriber is declared by. */
export interface Declared {
  readonly consumer: Consumer.Consumer | string
  readonly event: EventSource
  readonly handler: unknown
  readonly priority?: number
}

/** What has to be given, and what it is: types do not reach everybody. */
const required = {
  consumer: ["a Consumer, or its name", (value: unknown) => typeof value === "string" || isObject(value)],
  event: ["a definition, several, or a pattern", (value: unknown) => typeof value === "string" || isObject(value)],
  handler: ["a function from the event to an Effect", (value: unknown) => typeof value === "function"]
} as const

const optionNames = ["consumer", "event", "handler"] as const

const isObject = (value: unknown) => typeof value === "object" && value !== null

/** What somebody may have called an option, who knows another library. */
const otherNames: Readonly<Record<string, string>> = {
  consumerName: "consumer",
  eventName: "event",
  events: "event",
  handle: "handler",
  handlerName: "handler"
}

/** What was given, and which of it may have been meant by what is missing. */
const givenText = (options: object) => {
  const names = Object.keys(options)
  const meant = new Set(
    names.filter((name) => !(name in required)).flatMap((name) => otherNames[name] ?? nearest(name, optionNames) ?? [])
  )
  const given = names.length === 0 ? "nothing" : names.join(", ")
  return meant.size === 0 ? `Given: ${given}` : `Given: ${given}. Did you mean ${[...meant].join(" and ")}?`
}

const nameOf = (value: unknown): string | undefined => {
  const name =
    typeof value === "string" ? value : isObject(value) ? (value as { readonly name?: unknown }).name : undefined
  return typeof name === "string" && name !== "" ? `"${name}"` : undefined
}

/** Which subscriber is meant, as far as it says. */
const subscriberText = ({ consumer, event }: Declared) => {
  const [named, about] = [nameOf(consumer), nameOf(event)]
  return `${named === undefined ? "a subscriber" : `the subscriber of consumer ${named}`}${about === undefined ? "" : ` for ${about}`}`
}

/** The error that names the first option that is missing, or something else than it has to be. */
export const missingOption = (options: Declared): InvalidOption | undefined => {
  if (!isObject(options)) {
    return new InvalidOption({
      option: "options of a subscriber",
      value: String(options),
      expected: "{ consumer, event, handler }"
    })
  }
  for (const name of optionNames) {
    const [expected, is] = required[name]
    if (is(options[name])) continue
    const isCircular = name === "event" && "event" in options && options.event === undefined
    const given = givenText(options)
    return new InvalidOption({
      option: `${name} of ${subscriberText(options)}`,
      value: String(options[name]),
      expected: `${expected}. ${isCircular ? "If it is imported, look for a circular import" : given}`
    })
  }
  return undefined
}

/** What a subscriber is for; of one that does not say so, something that is refused when it is registered. */
export const sourceOf = (options: Declared): { readonly consumer: Consumer.Consumer; readonly source: EventSource } => {
  const { consumer, event } = Object(options) as Declared
  return {
    consumer: Consumer.from(required.consumer[1](consumer) ? consumer : ""),
    source: required.event[1](event) ? event : []
  }
}
