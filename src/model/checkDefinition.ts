/**
 * What is wrong with the definition of an event: thrown where it is made, as types do not reach everybody who makes one.
 *
 * @internal
 */
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { isPayloadSchema } from "./standardPayload.ts"

const supported = ["sourceModule", "aggregateType", "aggregateId", "version", "payload", "owner", "deprecated"] as const

const kindOf = (value: unknown) => (value === null ? "null" : Array.isArray(value) ? "a list" : typeof value)

const isPayload = (payload: unknown) =>
  isPayloadSchema(payload) || (Object(payload) === payload && "chain" in Object(payload))

/**
 * Throws `InvalidOption` or `UnsupportedOption`.
 *
 * @param name - of the event
 */
export const checkDefinition = (name: unknown, options: object): void => {
  const of = `event "${String(name)}"`
  const refuse = (option: string, value: unknown, expected: string) =>
    new InvalidOption({ option: `${option} of ${of}`, value: kindOf(value), expected })
  if (Object(options) !== options)
    throw refuse("options", options, "{ sourceModule, aggregateType, aggregateId, payload }")
  // Another definition may be spread into one.
  const unknown = "codec" in options ? undefined : unknownOption(`Defining ${of}`, options, supported)
  if (unknown !== undefined) throw unknown
  const { aggregateId, payload } = options as { readonly aggregateId?: unknown; readonly payload?: unknown }
  if (payload === undefined) {
    throw refuse(
      "payload",
      payload,
      "a Schema of effect; Schema.Struct({}) for an event that says nothing but that it happened"
    )
  }
  if (!isPayload(payload))
    throw refuse(
      "payload",
      payload,
      "a Schema of effect, one of zod, valibot or arktype (Standard Schema), or DomainEvent.versions"
    )
  if (typeof aggregateId !== "function")
    throw refuse("aggregateId", aggregateId, "a function from the payload to the aggregate's id")
}
