/**
 * The order of moments, in every store.
 *
 * @internal
 */
import type { MomentKey } from "./EventSearchStore.ts"

const compare = <Value extends bigint | number | string>(a: Value, b: Value) => (a < b ? -1 : a > b ? 1 : 0)

export const compareMoments = (a: MomentKey, b: MomentKey): number =>
  compare(a.micros, b.micros) || compare(a.rank, b.rank) || compare(a.id, b.id)
