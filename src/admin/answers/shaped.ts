/**
 * Values as the administration tells them: what services know beyond that stays with them.
 *
 * @internal
 */
import { Schema } from "effect"

/** Makes values of a shape of those that have more. */
export const shaped = <Shape extends Schema.Codec<unknown>>(shape: Shape) => {
  const strip = Schema.decodeUnknownSync(Schema.toType(shape))
  return (value: Shape["Type"]): Shape["Type"] => strip(value)
}

/** One page of a list. */
export const pageOf = <Item, Told>(
  items: ReadonlyArray<Item>,
  tell: (item: Item) => Told,
  next: string | undefined
) => ({
  items: items.map(tell),
  ...(next === undefined ? {} : { next })
})
