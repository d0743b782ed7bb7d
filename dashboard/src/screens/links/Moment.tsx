/** One moment in the life of an entity. */
import { Link2, Zap } from "lucide-react"
import { Link } from "wouter"
import type { Life } from "../../api/wire.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { Clock } from "../../parts/Time.tsx"
import { stateOfDelivery, wordOfDelivery } from "../../words/states.ts"
import { EntityName } from "./LinkTable.tsx"
import { linkTypes } from "./linkTypes.ts"

export type Moment = Life["moments"][number]

type DeliveryMoment = Extract<Moment, { readonly kind: "delivery" }>

export const keyOfMoment = (moment: Moment): string =>
  moment.kind === "event"
    ? `event ${moment.eventId}`
    : moment.kind === "delivery"
      ? `delivery ${moment.deliveryId}`
      : `link ${moment.link.id}`

const EventName = ({ eventId, eventName }: { readonly eventId: string; readonly eventName: string }) => (
  <Link href={`/events/${eventId}`} className="font-semibold break-all hover:underline">
    {eventName}
  </Link>
)

const Delivered = ({ moment }: { readonly moment: DeliveryMoment }) => {
  const { attemptCount, consumer, eventId, eventName, lastError } = moment
  const settled = { status: moment.status, isOpen: false, attemptCount }
  return (
    <>
      <p className="flex flex-wrap items-baseline gap-x-2">
        <StateMark state={stateOfDelivery(settled)} word={wordOfDelivery(settled)} />
        <Link href={`/consumers/${encodeURIComponent(consumer)}`} className="break-all hover:underline">
          {consumer}
        </Link>
        <Link href={`/events/${eventId}`} className="break-all text-muted hover:underline">
          {eventName}
        </Link>
        {attemptCount > 1 ? <span className="text-sm text-muted">after {attemptCount} attempts</span> : null}
      </p>
      {lastError === null ? null : (
        <p className="line-clamp-2 text-sm break-words text-muted" title={lastError}>
          {lastError}
        </p>
      )}
    </>
  )
}

const What = ({ moment }: { readonly moment: Moment }) => {
  if (moment.kind === "delivery") return <Delivered moment={moment} />
  if (moment.kind === "event") {
    return (
      <p className="flex flex-wrap items-baseline gap-x-2">
        <Zap size={12} aria-hidden="true" className="w-3 self-center text-muted" />
        <EventName eventId={moment.eventId} eventName={moment.eventName} />
        <span className="text-muted">was published</span>
      </p>
    )
  }
  const { linkType, source, target } = moment.link
  return (
    <p className="flex flex-wrap items-baseline gap-x-2">
      <Link2 size={12} aria-hidden="true" className="w-3 self-center text-muted" />
      <span className="text-muted">linked, {linkTypes[linkType].word}:</span>
      <EntityName entity={source} />
      <span className="text-muted">to</span>
      <EntityName entity={target} />
    </p>
  )
}

export const MomentRow = ({
  isOfOther,
  moment
}: {
  readonly moment: Moment
  /** It is about an entity that is linked with the one that is looked at. */
  readonly isOfOther: boolean
}) => (
  <li className="grid min-h-8 grid-cols-[max-content_minmax(0,1fr)] items-baseline gap-x-3 border-b border-line/60 py-1.5 last:border-0">
    <span className="text-sm text-muted">
      <Clock at={moment.at} />
    </span>
    <div className="min-w-0">
      <What moment={moment} />
      {isOfOther && moment.kind !== "link" ? (
        <p className="text-sm text-muted">
          of <EntityName entity={moment.entity} />
        </p>
      ) : null}
    </div>
  </li>
)
