/** What one consumer did in the span that is chosen, and has now, as figures. */
import type { ReactNode } from "react"
import { Link } from "wouter"
import type { Consumer } from "../../api/wire.ts"
import { rangeWords } from "../../parts/range.ts"
import { counted, isLate, openOf } from "../../words/condition.ts"
import { duration, exact, quantileText, short } from "../../words/numbers.ts"
import { useRates, useSpan } from "./asked.ts"
import { failedOf, failureText, totalsOf } from "./rates.ts"

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
            className="text-gave-up hover:underline"
            title={`${exact(deadLetters)} dead letters`}
          >
            {counted(deadLetters)}
          </Link>
        )}
      </Figure>
      <Figure name="Processed" note={isKnown ? `in ${rangeWords[range]}` : "not known"}>
        {isKnown ? <span title={exact(totals.processed)}>{short(totals.processed)}</span> : "–"}
      </Figure>
      <Figure name="Failures" note={isKnown ? `${exact(failed)} of ${exact(totals.attempts)} attempts` : "not known"}>
        <span className={failed === 0 ? "" : "text-retrying"}>{isKnown ? failureText(rate) : "–"}</span>
      </Figure>
      <Figure name="Handler, p50" note={isKnown ? `in ${rangeWords[range]}` : "not known"}>
        {isKnown ? quantile(0.5) : "–"}
      </Figure>
      <Figure name="Handler, p95" note={isKnown ? `in ${rangeWords[range]}` : "not known"}>
        {isKnown ? quantile(0.95) : "–"}
      </Figure>
    </dl>
  )
}
