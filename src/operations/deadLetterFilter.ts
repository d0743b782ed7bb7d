/**
 * Which dead letters an operation is about, checked before the store is asked.
 *
 * @internal
 */
import { DateTime, Effect, Option } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { isFingerprint } from "../model/errorFingerprint.ts"
import { isUuid } from "../model/storable.ts"
import type { DeadLetterFilter } from "../stores/DeadLetterStore.ts"
import type { Filter } from "./DeadLetterSelection.ts"

/** Largest page of a list. */
const maxLimit = 1000

const invalid = (option: string, value: unknown, expected: string) =>
  new InvalidOption({ option: `${option} of dead letters`, value: String(value), expected })

const timeOf = (name: "since" | "until", input: DateTime.DateTime.Input | undefined) => {
  if (input === undefined) return Effect.succeed({})
  const time = DateTime.make(input)
  return Option.isSome(time)
    ? Effect.succeed({ [name]: DateTime.toDateUtc(time.value) })
    : Effect.fail(invalid(name, input, "a time"))
}

const isText = (value: unknown) => typeof value === "string"

/** All of it: a part that is missing would cover all others. */
const isEntity = (value: unknown) => {
  const { entityId, entityType, module } = Object(value) as Readonly<Record<string, unknown>>
  return [module, entityType, entityId].every(isText)
}

/** What the fields of a filter may be: one that nobody knows would cover everything. */
const fields: Readonly<Record<keyof Filter, readonly [expected: string, is: (value: unknown) => boolean]>> = {
  deliveryIds: ["a list of ids of deliveries", Array.isArray],
  consumer: ["the name of a consumer", isText],
  eventName: ["a name or pattern of events", isText],
  errorTag: ["the tag of an error", isText],
  fingerprint: ["the fingerprint of a group of errors", isFingerprint],
  isUndecodable: ["true or false", (value) => typeof value === "boolean"],
  aggregate: ["an entity, with module, entityType and entityId", isEntity],
  // Times are looked at when they are read.
  since: ["a time", () => true],
  until: ["a time", () => true]
}

/** What is wrong with a filter: types do not reach everybody. @param isWhole - whether what is left undefined is refused */
const problemOf = (filter: unknown, isWhole: boolean): InvalidOption | undefined => {
  if (typeof filter !== "object" || filter === null || Array.isArray(filter)) {
    return invalid("filter", filter, "a filter, {} for all there are")
  }
  for (const [name, value] of Object.entries(filter)) {
    if (!Object.hasOwn(fields, name)) return invalid(`"${name}"`, value, `one of ${Object.keys(fields).join(", ")}`)
    const [expected, is] = fields[name as keyof Filter]
    if (value === undefined ? isWhole : !is(value)) {
      return invalid(name, value, value === undefined ? `${expected}; left out, it covers all` : expected)
    }
  }
  return undefined
}

/**
 * A filter as the store takes it; fails with `InvalidOption`.
 *
 * @param isWhole - whether a field that is there and undefined is refused, as it would cover all
 */
export const toStoreFilter = Effect.fnUntraced(function* (filter: Filter, isWhole = false) {
  const problem = problemOf(filter, isWhole)
  if (problem !== undefined) return yield* problem
  const { since, until, ...rest } = filter
  const wrong = filter.deliveryIds?.find((id) => !isUuid(id))
  if (wrong !== undefined) return yield* invalid("deliveryIds", wrong, "ids of deliveries")
  return { ...rest, ...(yield* timeOf("since", since)), ...(yield* timeOf("until", until)) } satisfies DeadLetterFilter
})

/** Fails with `InvalidOption` unless a list can have this page. */
export const checkPage = (limit: number, after: string | undefined) => {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    return Effect.fail(invalid("limit", limit, `an integer from 1 to ${maxLimit}`))
  }
  const [time = "", id = ""] = after?.split("/") ?? []
  const isCursor = after === undefined || (isUuid(id) && /^[\d\-:. +]{1,40}$/.test(time))
  return isCursor ? Effect.void : Effect.fail(invalid("after", after, "the next of an earlier page"))
}
