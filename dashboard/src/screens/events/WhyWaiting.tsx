/** What keeps a consumer from going on, beside a delivery that waits for it. */
import { useAsk } from "../../api/asking.ts"
import { useNow } from "../../words/clock.ts"

export const WhyWaiting = ({ consumer }: { readonly consumer: string }) => {
  const now = useNow()
  const answer = useAsk("/consumers/:consumer", { params: { consumer } }, { every: 10_000 }).data
  if (answer === undefined) return null
  if (answer.pausedAt !== null) {
    return (
      <span className="min-w-0 text-sm break-words text-paused">
        · the consumer is paused{answer.pausedBy === null ? "" : ` by ${answer.pausedBy}`}
        {answer.pauseReason === null ? "" : `: ${answer.pauseReason}`}
      </span>
    )
  }
  if (answer.servedBy.length === 0) return <span className="text-sm text-retrying">· nobody serves the consumer</span>
  return answer.coolUntil !== null && new Date(answer.coolUntil).getTime() > now ? (
    <span className="text-sm text-muted">· its handler asked for a rest</span>
  ) : null
}
