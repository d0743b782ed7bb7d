/**
 * 64-bit numbers move as text in both directions: what a client makes of `int8` is up to its application, and a number of
 * JavaScript holds 53 bits of it. Statements cast what they return (`position::text`), and get text.
 *
 * @internal
 */

/** A position of a row, as a bigint. */
export const withPosition = <Row extends { readonly position: string }>(row: Row) => ({
  ...row,
  position: BigInt(row.position)
})

/** A key that may be missing. */
export const keyOf = (text: string | null): bigint | null => (text === null ? null : BigInt(text))

/** Parameters, for a cast to `bigint[]`. */
export const textsOf = (values: ReadonlyArray<bigint>): ReadonlyArray<string> => values.map(String)
