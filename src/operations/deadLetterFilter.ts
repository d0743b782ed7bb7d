/**
 * Which dead letters an operation is about, checked before the store is asked.
 *
 * @internal
 */
import { DateTime, Effect, Option } from "effect"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
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

/** A filter as the store takes it; fails with `InvalidOption`. */
export const toStoreFilter = Effect.fnUntraced(function* (filter: Filter) {
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
