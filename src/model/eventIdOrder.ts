/**
 * Ids of events as the order of time: those of version 7 begin with the milliseconds at which they were made (RFC 9562).
 *
 * @internal
 */

/** Before all ids. */
export const lowestId = "00000000-0000-0000-0000-000000000000"

/** Behind all ids. */
export const highestId = "ffffffff-ffff-ffff-ffff-ffffffffffff"

const valueOf = (id: string) => BigInt(`0x${id.replaceAll("-", "")}`)

const idOf = (value: bigint) => {
  const digits = value.toString(16).padStart(32, "0")
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    "-"
  )
}

/** The id right behind another; undefined behind the highest. */
export const idAfter = (id: string): string | undefined => {
  const next = valueOf(id) + 1n
  return next >> 128n === 0n ? idOf(next) : undefined
}

/** The id right before another; undefined before the lowest. */
export const idBefore = (id: string): string | undefined => {
  const value = valueOf(id)
  return value === 0n ? undefined : idOf(value - 1n)
}

const largestMillis = 2 ** 48 - 1

/** The lowest id that can have been made in a millisecond: of 1970 and later. */
export const firstIdAt = (millis: number): string =>
  idOf(BigInt(Math.min(largestMillis, Math.max(0, Math.floor(millis)))) << 80n)

/** When an id was made, in milliseconds since 1970; undefined when it does not say. */
export const madeAt = (id: string): number | undefined =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-7/i.test(id) ? Number(valueOf(id) >> 80n) : undefined
