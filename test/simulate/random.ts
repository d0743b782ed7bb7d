/** Numbers that follow from a seed, and from nothing else (sfc32). */

export interface Rng {
  /** 32 bits. */
  readonly bits: () => number
  /** An integer from `min` to `max`, both included. */
  readonly int: (min: number, max: number) => number
  /** True in so many of a hundred cases. */
  readonly percent: (percent: number) => boolean
  readonly pick: <A>(list: ReadonlyArray<A>) => A
}

/** Streams of the same seed under different names have nothing to do with each other. */
export const makeRng = (seed: number, name: string): Rng => {
  let [a, b, c, d] = [seed | 0, (seed / 2 ** 32) | 0, 0x9e3779b9, 1]
  for (const letter of name) c = Math.imul(c ^ letter.charCodeAt(0), 0x85ebca6b)
  const bits = () => {
    const result = (a + b + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    return result >>> 0
  }
  for (let round = 0; round < 12; round++) bits()
  const int = (min: number, max: number) => min + (bits() % (max - min + 1))
  return {
    bits,
    int,
    percent: (percent) => bits() % 100 < percent,
    pick: <A>(list: ReadonlyArray<A>) => list[int(0, list.length - 1)] as A
  }
}
