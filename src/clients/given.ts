/**
 * What clients are made of: types do not reach everybody who gives it.
 *
 * @internal
 */

const kindOf = (value: unknown) =>
  value === null ? "null" : typeof value === "object" ? value.constructor?.name : typeof value

/**
 * Throws a `TypeError` for what is none.
 *
 * @param maker - the function that was called: `pgClient`
 * @param given - what it was given
 * @param isFine - whether that has what is needed
 * @param needed - what is needed, and how to come by it
 */
export const check = (
  maker: string,
  given: unknown,
  isFine: (given: Record<string, unknown>) => boolean,
  needed: string
): void => {
  const is = typeof given === "function" || (typeof given === "object" && given !== null)
  if (!is || !isFine(given as Record<string, unknown>)) {
    throw new TypeError(`${maker}: ${needed} is needed, not ${kindOf(given) ?? "an object"}`)
  }
}
