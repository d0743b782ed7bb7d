/** A time that is past as its age, with the whole time on hover: clocks that differ a little make it no time to come. */
import { clockText, isUtc, timeText, useNow } from "../words/clock.ts"
import { ago } from "../words/numbers.ts"
import { Hint } from "./Hint.tsx"

export const Ago = ({ at }: { readonly at: string }) => {
  const now = useNow()
  const utc = isUtc.use()
  return (
    <Hint text={timeText(at, utc, true)}>
      <time dateTime={at} className="whitespace-nowrap">
        {ago(Math.min(now, new Date(at).getTime()), now)}
      </time>
    </Hint>
  )
}

/** The time of day, with the whole time on hover. */
export const Clock = ({ at }: { readonly at: string }) => {
  const utc = isUtc.use()
  return (
    <Hint text={timeText(at, utc, true)}>
      <time dateTime={at} className="whitespace-nowrap">
        {clockText(at, utc)}
      </time>
    </Hint>
  )
}
