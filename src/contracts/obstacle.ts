/**
 * Why values that one schema describes are refused by another.
 *
 * @internal
 */

/** Why values of a writer are refused by a reader. */
export interface Obstacle {
  /** As in `lines[].price`; empty for the whole. */
  readonly path: string
  /**
   * `missing`: the reader needs a field that the writer does not know. `optional`: one that it may leave out. `type`: another
   * one. `values`: values that the reader does not know. `limit`: a bound or pattern. `closed`: fields that the reader does not take.
   * `unknown`: a keyword that is not understood here.
   */
  readonly kind: "missing" | "optional" | "type" | "values" | "limit" | "closed" | "unknown"
  readonly writer: string
  readonly reader: string
  /** Whether the writer has other values there that are read. */
  readonly isPart?: boolean
}

export const obstacle = (
  path: string,
  kind: Obstacle["kind"],
  writer: string,
  reader: string
): ReadonlyArray<Obstacle> => [{ path, kind, writer, reader }]
