/** Figures by time: what nothing happened in is left out of answers, and is nothing here. */

export const minute = 60_000
export const hour = 60 * minute

/** The first moments of all whole steps of a span, but for the one that is not over. */
export const stepsOf = (from: number, to: number, step: number, now: number): ReadonlyArray<number> => {
  const first = Math.ceil(from / step) * step
  const count = Math.max(0, Math.floor((Math.min(to, now) - first) / step))
  return Array.from({ length: count }, (_, index) => first + index * step)
}

/** The sum of what is told for each step; 0 where nothing is. */
export const filled = <Point extends { readonly at: string }>(
  points: ReadonlyArray<Point>,
  times: ReadonlyArray<number>,
  of: (point: Point) => number,
  step = minute
): ReadonlyArray<number> => {
  const values = new Map<number, number>()
  for (const point of points) {
    const at = Math.floor(new Date(point.at).getTime() / step) * step
    values.set(at, (values.get(at) ?? 0) + of(point))
  }
  return times.map((time) => values.get(time) ?? 0)
}

/** Of the sum over this minute and the one before: how many in a second. */
export const perSecond = (sum: number, at: number): number => {
  const begin = Math.floor(at / minute - 1) * minute
  return sum / Math.max(1, (at - begin) / 1_000)
}

/** The sum over this minute and the one before. */
export const sumOfTwo = <Point extends { readonly at: string }>(
  points: ReadonlyArray<Point>,
  now: number,
  of: (point: Point) => number
): number => {
  const begin = Math.floor(now / minute - 1) * minute
  return points.reduce((sum, point) => (new Date(point.at).getTime() >= begin ? sum + of(point) : sum), 0)
}
