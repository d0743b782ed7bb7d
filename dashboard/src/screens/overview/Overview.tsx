/** The first look: what wants attention, how much flows, and how each consumer is. */
import { useAsk } from "../../api/asking.ts"
import type { Overview as Answer } from "../../api/wire.ts"
import { Answered, Skeleton } from "../../parts/Answers.tsx"
import { ScreenTitle } from "../../parts/Panel.tsx"
import { openOf } from "../../words/condition.ts"
import { Activity } from "./Activity.tsx"
import { Attention } from "./Attention.tsx"
import { ConsumerTable } from "./ConsumerTable.tsx"
import { Figures } from "./Figures.tsx"
import { FirstEvent } from "./FirstEvent.tsx"

const stores = { postgresql: "PostgreSQL", pglite: "PGlite", memory: "memory" }

/** Whether nothing is known of any event. */
const isNew = ({ consumers, gauges, published, rates }: Answer) =>
  published.length === 0 &&
  rates.length === 0 &&
  gauges.every(({ gaveUp, open }) => open + gaveUp === 0) &&
  consumers.every(({ depth }) => openOf(depth) + depth.deadLetters === 0)

const Waiting = () => (
  <div className="grid gap-4">
    <Skeleton className="h-[132px] w-full" />
    <Skeleton className="h-[262px] w-full" />
    <Skeleton className="h-[420px] w-full" />
  </div>
)

const Overview = () => {
  const query = useAsk("/overview", {})
  return (
    <>
      <ScreenTitle title="Overview">
        {query.data === undefined
          ? undefined
          : `effect-integration ${query.data.version} on ${stores[query.data.store]}`}
      </ScreenTitle>
      <Answered query={query} skeleton={<Waiting />}>
        {(overview) => (
          <>
            <Attention items={overview.attention} />
            {isNew(overview) ? (
              <FirstEvent />
            ) : (
              <>
                <Figures overview={overview} />
                <Activity at={overview.at} />
              </>
            )}
            <ConsumerTable overview={overview} />
          </>
        )}
      </Answered>
    </>
  )
}

export default Overview
