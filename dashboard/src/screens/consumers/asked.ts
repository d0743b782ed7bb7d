/** What the screens of consumers ask for. */
import { useMemo } from "react"
import { useAsk } from "../../api/asking.ts"
import { useLiveFigures } from "../../api/live.ts"
import type { Consumer, ConsumerRate } from "../../api/wire.ts"
import { spanOf, useRange } from "../../parts/range.ts"
import { useNow } from "../../words/clock.ts"

/** The span that is chosen above, in whole steps. */
export const useSpan = () => {
  const [range] = useRange()
  const { from, to } = spanOf(range, useNow())
  return useMemo(() => ({ range, from, to, fromMillis: Date.parse(from), toMillis: Date.parse(to) }), [range, from, to])
}

export type Span = ReturnType<typeof useSpan>

/** What each consumer did in the span that is chosen. */
export const useRates = () => {
  const { from, to } = useSpan()
  const query = useAsk("/statistics/consumers", { query: { from, to } })
  const byConsumer = useMemo(
    () => new Map<string, ConsumerRate>((query.data ?? []).map((rate) => [rate.consumer, rate])),
    [query.data]
  )
  return { query, byConsumer }
}

/** Consumers with the depths of the moment, where figures of the moment come. */
export const useFresh = () => {
  const figures = useLiveFigures()
  return useMemo(() => {
    const depths = new Map(figures?.consumers.map(({ consumer, depth }) => [consumer, depth]))
    return <C extends Consumer>(consumer: C, answeredAt: number): C => {
      const depth = depths.get(consumer.consumer)
      if (depth === undefined || figures === undefined || Date.parse(figures.at) < answeredAt) return consumer
      return { ...consumer, depth }
    }
  }, [figures])
}
