/**
 * What has to be said of a subscriber: types do not reach everybody who declares one. What is missing is told when it is registered.
 *
 * @internal
 */
import { InvalidOption } from "../errors/DeclarationErrors.ts"
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

const isObject = (value: unknown) => typeof value === "object" && value !== null

/** The error that names the first option that is missing, or something else than it has to be. */
export const missingOption = (options: Declared): InvalidOption | undefined => {
  for (const name of ["consumer", "event", "handler"] as const) {
    const [expected, is] = required[name]
    if (is(options[name])) continue
    const given = `Given: ${Object.keys(options).join(", ")}`
    const hint = name === "event" && "event" in options ? "If it is imported, look for a circular import" : given
    return new InvalidOption({
      option: `${name} of a subscriber`,
      value: String(options[name]),
      expected: `${expected}. ${hint}`
    })
  }
  return undefined
}

/** What a subscriber is for; of one that does not say so, something that is refused when it is registered. */
export const sourceOf = ({
  consumer,
  event
}: Declared): { readonly consumer: Consumer.Consumer; readonly source: EventSource } => ({
  consumer: Consumer.from(required.consumer[1](consumer) ? consumer : ""),
  source: required.event[1](event) ? event : []
})
