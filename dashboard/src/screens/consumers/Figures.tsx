/** What one consumer did in the span that is chosen, and has now, as figures. */
import type { ReactNode } from "react"
import { Link } from "wouter"
import type { Consumer } from "../../api/wire.ts"
import { duration, exact, quantileText, short } from "../../words/numbers.ts"
import { useRates, useSpan } from "./asked.ts"
import { counted, failureText, isLate, openOf } from "./condition.ts"
import { failedOf, totalsOf } from "./rates.ts"

const Figure = ({
  children,
  name,
  note
}: {
  readonly name: string
  readonly note?: string
  readonly children: ReactNode
}) => (
  <div className="min-w-0 border-line px-4 py-2">
    <dt className="text-sm text-muted">{name}</dt>
    <dd className="text-xl whitespace-nowrap">
      {children}
      {note === undefined ? null : <span className="block text-sm text-muted">{note}</span>}
    </dd>
  </div>
)

export const Figures = ({ consumer }: { readonly consumer: Consumer }) => {
  const { byConsumer, query } = useRates()
  const { range } = useSpan()
  const rate = byConsumer.get(consumer.consumer)
  const totals = totalsOf(rate)
  const failed = failedOf(totals)
  const { deadLetters, oldestMillis } = consumer.depth
  const isKnown = query.data !== undefined
  const quantile = (share: number) => (rate === undefined ? "–" : quantileText(rate.duration, share))
  return (
    <dl className="grid grid-cols-2 rounded-md border border-line bg-panel sm:grid-cols-4 lg:grid-cols-7">
      <Figure name="Open" note="now">
        <span title={exact(openOf(consumer.depth))}>{counted(openOf(consumer.depth))}</span>
      </Figure>
      <Figure name="Oldest due for" note="now">
        <span className={isLate(consumer) ? "text-retrying" : ""}>
          {oldestMillis === 0 ? "–" : duration(oldestMillis)}
        </span>
      </Figure>
      <Figure name="Gave up" note="now">
        {deadLetters === 0 ? (
          "0"
        ) : (
          <Link
            href={`/dead-letters?consumer=${encodeURIComponent(consumer.consumer)}`}
            className="text-gave-up underline decoration-1 underline-offset-4"
            title={`${exact(deadLetters)} dead letters`}
          >
            {counted(deadLetters)}
          </Link>
        )}
      </Figure>
      <Figure name="Processed" note={isKnown ? `last ${range}` : "not known"}>
        {isKnown ? <span title={exact(totals.processed)}>{short(totals.processed)}</span> : "–"}
      </Figure>
      <Figure name="Failures" note={isKnown ? `${short(failed)} of ${short(totals.attempts)} attempts` : "not known"}>
        <span className={failed === 0 ? "" : "text-retrying"}>{isKnown ? failureText(rate) : "–"}</span>
      </Figure>
      <Figure name="Handler, p50" note={isKnown ? `last ${range}` : "not known"}>
        {isKnown ? quantile(0.5) : "–"}
      </Figure>
      <Figure name="Handler, p95" note={isKnown ? `last ${range}` : "not known"}>
        {isKnown ? quantile(0.95) : "–"}
      </Figure>
    </dl>
  )
}
