/** A number as people read it, exact on hover. */
import { capped, exact, short } from "../words/numbers.ts"

export const Count = ({ most, value }: { readonly value: number; readonly most?: number }) => (
  <span title={exact(value)}>{most === undefined ? short(value) : capped(value, most)}</span>
)
