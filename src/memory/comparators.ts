/**
 * Orders of rows, as `ORDER BY` has them in SQL.
 *
 * @internal
 */

/** By value, the least first. */
export const ascending = <Value extends string | bigint>(a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0)

/** In the order they were stored. */
export const byPosition = (a: { readonly position: bigint }, b: { readonly position: bigint }): number =>
  ascending(a.position, b.position)

export const byId = (a: { readonly id: string }, b: { readonly id: string }): number => ascending(a.id, b.id)

export const byConsumer = (a: { readonly consumer: string }, b: { readonly consumer: string }): number =>
  ascending(a.consumer, b.consumer)
