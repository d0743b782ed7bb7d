/** Behind which delivery a parked one waits, with the way to it. */
import { Link } from "wouter"
import type { EventDelivery } from "../../api/wire.ts"
import { shortId } from "../../words/entities.ts"
import { states } from "../../words/states.ts"
import { DeadLetterLink } from "./DeadLetterLink.tsx"
import { whichOf } from "./storyWords.ts"

export const ParkedBehind = ({
  held,
  now
}: {
  readonly held: NonNullable<EventDelivery["waitsFor"]>
  readonly now: number
}) => (
  <>
    <span className={`text-sm ${states.parked.text}`}>
      <Link
        href={`/events/${held.eventId}`}
        title={held.eventId}
        className="text-accent hover:underline [overflow-wrap:anywhere]"
      >
        {held.eventName} {shortId(held.eventId)}
      </Link>
      , {whichOf(held, now)}
    </span>
    {held.isOpen ? null : <DeadLetterLink deliveryId={held.deliveryId} />}
  </>
)
