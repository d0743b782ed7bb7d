/** One consumer in full: how it is, what it has to do, what it did, what is subscribed, and what failed. */
import { ArrowLeft } from "lucide-react"
import { useEffect } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { ConsumerDetails } from "../../api/wire.ts"
import { Answered, Skeleton } from "../../parts/Answers.tsx"
import { CopyButton } from "../../parts/Copy.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { useHref } from "../../parts/place.ts"
import { quoted } from "../events/language.ts"
import { useFresh } from "./asked.ts"
import { ConsumerActions } from "./ConsumerActions.tsx"
import { ConsumerCharts } from "./ConsumerCharts.tsx"
import { ConsumerErrors } from "./ConsumerErrors.tsx"
import { DepthBar } from "./DepthBar.tsx"
import { Figures } from "./Figures.tsx"
import { Oldest } from "./Oldest.tsx"
import { Rules } from "./Rules.tsx"
import { StateLine } from "./StateLine.tsx"
import { Processes, Subscriptions } from "./Subscriptions.tsx"

const Waiting = () => (
  <div className="grid gap-4">
    <Skeleton className="h-6 w-80" />
    <Skeleton className="h-16" />
    <Skeleton className="h-24" />
    <div className="grid gap-4 lg:grid-cols-2">
      <Skeleton className="h-60" />
      <Skeleton className="h-60" />
    </div>
  </div>
)

const Whole = ({ consumer }: { readonly consumer: ConsumerDetails }) => (
  <div className="grid gap-4">
    <StateLine consumer={consumer} />
    <Figures consumer={consumer} />
    <Panel
      title="What it has to do"
      actions={
        <Link
          href={`/events?q=${encodeURIComponent(`consumer:${quoted(consumer.consumer)} status:pending`)}`}
          className="inline-flex h-8 items-center text-accent hover:underline"
        >
          Its open events
        </Link>
      }
    >
      <DepthBar consumer={consumer} />
    </Panel>
    <Oldest consumer={consumer} />
    <ConsumerCharts name={consumer.consumer} />
    <ConsumerErrors name={consumer.consumer} />
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <div className="grid min-w-0 gap-4">
        <Subscriptions consumer={consumer} />
        <Processes consumer={consumer} />
      </div>
      <Rules consumer={consumer} />
    </div>
  </div>
)

export const OneConsumer = ({ name }: { readonly name: string }) => {
  const query = useAsk("/consumers/:consumer", { params: { consumer: name } })
  const fresh = useFresh()
  const href = useHref()
  useEffect(() => {
    document.title = `${name} · effect-integration`
  }, [name])
  return (
    <>
      <Link href={href("/consumers")} className="mb-1 inline-flex h-8 items-center gap-1 text-muted hover:text-text">
        <ArrowLeft size={14} aria-hidden="true" /> Consumers
      </Link>
      <header className="mb-2 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h1 className="flex min-w-0 items-center text-xl">
          <span className="min-w-0 break-words">{name}</span>
          <CopyButton text={name} label="Copy the consumer's name" />
        </h1>
        {query.data === undefined ? null : <ConsumerActions consumer={query.data} />}
      </header>
      <Answered query={query} skeleton={<Waiting />}>
        {(consumer) => <Whole consumer={fresh(consumer, query.dataUpdatedAt)} />}
      </Answered>
    </>
  )
}
