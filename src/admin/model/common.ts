/**
 * What answers of the administration have in common.
 *
 * @internal
 */
import { Schema } from "effect"

/** A thing of a module, as `finance/Invoice/42`. @since 0.1.0 */
export const Entity = Schema.Struct({
  module: Schema.String,
  entityType: Schema.String,
  entityId: Schema.String
}).annotate({ identifier: "Entity" })

/** @since 0.1.0 */
export type Entity = typeof Entity.Type

/** Texts that come from outside are not longer than this, in characters. */
const longestText = 1023

const isStorable = Schema.makeFilter((text: string) =>
  !text.includes("\u0000") && text.isWellFormed()
    ? undefined
    : "Expected a text without U+0000 and lone surrogates, which PostgreSQL does not have"
)

/** A text of a request. */
export const Text = Schema.String.check(Schema.isMaxLength(longestText), isStorable)

const isInTime = Schema.makeFilter((date: Date) => {
  const year = date.getUTCFullYear()
  return year >= 1 && year <= 9999 ? undefined : "Expected a time of the years 1 to 9999"
})

/** A time of a request: PostgreSQL has not all that JavaScript has, and nothing happens in others. */
export const Time = Schema.Date.check(isInTime)

/** Where a list goes on: what `next` of the page before said. */
export const Cursor = Schema.String.check(Schema.isMaxLength(512))

/** How many a page has at most: 1 to 200. */
export const Limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }))

/** Which page of a list. */
export const pageFields = { after: Schema.optionalKey(Cursor), limit: Schema.optionalKey(Limit) }

/** A list with what is needed to go on. Without `next` it is complete. */
export const pageOf = <Item extends Schema.Top>(item: Item) =>
  Schema.Struct({ items: Schema.Array(item), next: Schema.optionalKey(Schema.String) })

/** A span of time: from then on, and before then. */
export const spanFields = { from: Time, to: Time }
