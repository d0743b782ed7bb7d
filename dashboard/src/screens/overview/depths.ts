/** How much each consumer has to do: as the stream tells it, where that is newer than the answer. */
import { type LiveFigures, useLiveFigures } from "../../api/live.ts"
import type { Overview } from "../../api/wire.ts"

const isNewer = (live: LiveFigures | undefined, { at }: Overview): live is LiveFigures =>
  live !== undefined && live.at > at

/** The figures of the stream, if they are newer. */
export const useNewer = (overview: Overview): LiveFigures | undefined => {
  const live = useLiveFigures()
  return isNewer(live, overview) ? live : undefined
}

/** The consumers of an answer with what they have to do now. */
export const useConsumersNow = (overview: Overview): Overview["consumers"] => {
  const live = useNewer(overview)
  if (live === undefined) return overview.consumers
  const depths = new Map(live.consumers.map(({ consumer, depth }) => [consumer, depth]))
  return overview.consumers.map((consumer) => ({ ...consumer, depth: depths.get(consumer.consumer) ?? consumer.depth }))
}
