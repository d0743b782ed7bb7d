/**
 * Rows in the order they become due, kept sorted: a claim takes what is first without looking at the rest.
 *
 * @internal
 */
import { byPosition } from "./comparators.ts"

/** What decides the order; no two rows of one list have the same. */
export interface Due {
  readonly availableAt: number
  readonly position: bigint
}

export const byDueTime = (a: Due, b: Due): number => a.availableAt - b.availableAt || byPosition(a, b)

export class DueOrder<Row extends Due> {
  readonly #rows: Array<Row> = []

  /** Where a row is, or would be. */
  #placeOf(row: Due): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (byDueTime(this.#rows[middle] as Row, row) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  add(row: Row): void {
    this.#rows.splice(this.#placeOf(row), 0, row)
  }

  remove(row: Due): void {
    const place = this.#placeOf(row)
    const found = this.#rows[place]
    if (found !== undefined && byDueTime(found, row) === 0) this.#rows.splice(place, 1)
  }

  [Symbol.iterator](): Iterator<Row> {
    return this.#rows.values()
  }
}
