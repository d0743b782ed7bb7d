/**
 * How many statements a transaction has run, where nobody counts them.
 *
 * @internal
 */

/** Never gives the same number twice: something may have been run meanwhile. */
export const unknownCount = (): (() => number) => {
  let count = 0
  return () => count++
}
