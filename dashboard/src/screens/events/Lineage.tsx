/** What an event came of, and what came of it. */
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { LineageTree } from "../../api/wire.ts"
import { Answered } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { useParam } from "../../parts/params.ts"
import { useHref } from "../../parts/place.ts"
import { clockText, isUtc, timeText, useNow } from "../../words/clock.ts"
import { entityText } from "../../words/entities.ts"
import { duration, exact } from "../../words/numbers.ts"
import { wordOfDelivery } from "../../words/states.ts"
import { type Branch, treeOf } from "./lineageTree.ts"
import { Square } from "./Squares.tsx"

/** So many events are asked for, and so many when somebody wants more. */
const few = 200
const many = 1_000

/** How long after a cause it is looked for what came of it, in minutes: the next is ten times as long. */
const shortest = 10
const longest = 5_256_000

const Deliveries = ({ deliveries }: { readonly deliveries: Branch["event"]["deliveries"] }) => (
  <ul className="flex flex-wrap gap-x-3 text-sm text-muted">
    {deliveries.map((delivery) => (
      <li key={delivery.deliveryId} className="inline-flex items-center gap-1" title={delivery.lastError ?? undefined}>
        <Square delivery={delivery} />
        {delivery.consumer}
        {delivery.status === "processed" ? null : <span> {wordOfDelivery(delivery)}</span>}
      </li>
    ))}
  </ul>
)

/** Links of an event's aggregate that are told beside it. */
const fewLinks = 3

const Links = ({ event: { aggregate, links } }: { readonly event: Branch["event"] }) => {
  const own = entityText(aggregate)
  if (links.length === 0) return null
  // One more needs no more room than saying that there is one.
  const shown = links.length === fewLinks + 1 ? links : links.slice(0, fewLinks)
  return (
    <ul className="flex flex-wrap gap-x-3 text-sm text-faint">
      {shown.map(({ id, linkType, source, target }) => (
        <li key={id} className="min-w-0 break-words">
          {entityText(source) === own ? `→ ${entityText(target)}` : `← ${entityText(source)}`} (
          {linkType.replace("_", " ")})
        </li>
      ))}
      {links.length > shown.length ? (
        <li>
          <Link href={`/links?entity=${encodeURIComponent(own)}`} className="hover:text-text hover:underline">
            {exact(links.length - shown.length)} more links
          </Link>
        </li>
      ) : null}
    </ul>
  )
}

interface Shown {
  readonly currentId: string
  /** When the root was stored, in milliseconds since 1970. */
  readonly from: number
}

const BranchView = ({ branch: { caused, event }, currentId, from }: Shown & { readonly branch: Branch }) => {
  const href = useHref()
  const utc = isUtc.use()
  const isCurrent = event.id === currentId
  const name = (
    <>
      <span className="font-semibold">{event.name}</span> <span className="text-faint">v{event.schemaVersion}</span>
    </>
  )
  return (
    <li className="min-w-0">
      <div
        className={`rounded-md px-2 py-1 ${isCurrent ? "bg-accent-soft" : ""}`}
        aria-current={isCurrent ? true : undefined}
      >
        <div className="flex flex-wrap items-baseline gap-x-2">
          {isCurrent ? (
            <span>{name}</span>
          ) : (
            <Link href={href(`/events/${event.id}`)} className="hover:underline">
              {name}
            </Link>
          )}
          <span className="min-w-0 break-words text-muted">{entityText(event.aggregate)}</span>
          <span className="ml-auto text-sm text-faint">
            {event.depth === 0
              ? clockText(event.timestamp, utc)
              : `+${duration(Math.max(0, new Date(event.timestamp).getTime() - from))}`}
          </span>
        </div>
        <Deliveries deliveries={event.deliveries} />
        <Links event={event} />
      </div>
      {caused.length === 0 ? null : (
        <ul className="ml-3 grid gap-1 border-l border-line pt-1 pl-2">
          {caused.map((each) => (
            <BranchView key={each.event.id} branch={each} currentId={currentId} from={from} />
          ))}
        </ul>
      )}
    </li>
  )
}

const spanText = (minutes: number) => duration(minutes * 60_000)

const Further = ({
  minutes,
  onFurther,
  onMore,
  tree: { events, isCut, lookedUntil }
}: {
  readonly tree: LineageTree
  readonly minutes: number
  readonly onFurther: (minutes: number) => void
  readonly onMore: (() => void) | undefined
}) => {
  const utc = isUtc.use()
  const now = useNow()
  const next = Math.min(longest, minutes * 10)
  const isUpToNow = new Date(lookedUntil).getTime() >= now
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line pt-2 text-sm text-muted">
      <p role="status">
        {events.length === 1 ? "1 event" : `${exact(events.length)} events`}
        {isUpToNow ? ", looked for up to now." : `, looked for up to ${timeText(lookedUntil, utc)}.`}
        {isCut ? " There is more than is shown." : ""}
      </p>
      {isCut && onMore !== undefined ? <Button onClick={onMore}>Show up to {exact(many)}</Button> : null}
      {isUpToNow || next === minutes ? null : (
        <Button onClick={() => onFurther(next)}>Go on: {spanText(next)} after each</Button>
      )}
    </div>
  )
}

export const Lineage = ({ id }: { readonly id: string }) => {
  const [given, setMinutes] = useParam("minutes")
  const [limitGiven, setLimit] = useParam("limit")
  const minutes = Math.min(longest, Math.max(1, Math.trunc(Number(given)) || shortest))
  const limit = limitGiven === String(many) ? many : few
  const query = useAsk("/events/:id/lineage", { params: { id }, query: { minutes, limit } }, { every: 10_000 })
  return (
    <Answered query={query}>
      {(tree) => {
        const root = treeOf(tree.events)
        if (root === undefined) return null
        return (
          <section aria-label="Lineage">
            {tree.unknownCause === null ? null : (
              <p className="px-2 pb-1 text-muted">
                The first event names a cause that is not stored here (any more): <code>{tree.unknownCause}</code>
              </p>
            )}
            <ul className="grid gap-1">
              <BranchView branch={root} currentId={id} from={new Date(root.event.timestamp).getTime()} />
            </ul>
            <Further
              tree={tree}
              minutes={minutes}
              onFurther={(next) => setMinutes(String(next))}
              onMore={limit === many ? undefined : () => setLimit(String(many))}
            />
          </section>
        )
      }}
    </Answered>
  )
}
