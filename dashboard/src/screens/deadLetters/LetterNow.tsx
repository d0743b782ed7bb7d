/** What became of a dead letter since it was requeued or discarded: asked for each second until it is settled. */
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { DeadLetterDetails, EventDelivery } from "../../api/wire.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { Ago } from "../../parts/Time.tsx"
import { stateOfDelivery, wordOfDelivery } from "../../words/states.ts"

/** The delivery as it is now, of a letter that is none any more. */
export const useDelivery = (letter: DeadLetterDetails | undefined): EventDelivery | undefined => {
  const event = useAsk(
    "/events/:id",
    { params: { id: letter?.eventId ?? "" } },
    { enabled: letter !== undefined, every: 1_000 }
  ).data
  return event?.deliveries.find(({ deliveryId }) => deliveryId === letter?.deliveryId)
}

const sentences = (delivery: EventDelivery) => {
  const state = stateOfDelivery(delivery)
  if (state === "done") return "It was requeued, and its handler succeeded."
  if (state === "retrying") return "It was requeued, failed again, and is tried once more by itself."
  if (state === "gave-up") return "It was requeued, and gave up again."
  if (state === "parked") return "It was requeued, and waits for another one of its aggregate that failed."
  if (delivery.status === "skipped") return "It was discarded: it is never delivered."
  return "It was requeued, and is tried next."
}

export const LetterNow = ({ letter }: { readonly letter: DeadLetterDetails }) => {
  const delivery = useDelivery(letter)
  return (
    <div role="status" className="mb-3 flex min-h-12 flex-wrap items-center gap-x-4 gap-y-1 border-y border-line py-2">
      {delivery === undefined ? (
        "It is no dead letter any more."
      ) : (
        <>
          <StateMark state={stateOfDelivery(delivery)} word={wordOfDelivery(delivery)} />
          <span>{sentences(delivery)}</span>
          {delivery.processedAt === null ? null : (
            <span className="text-muted">
              <Ago at={delivery.processedAt} />
            </span>
          )}
        </>
      )}
      <Link
        href={`/events/${letter.eventId}`}
        className="ml-auto inline-flex h-8 items-center text-accent hover:underline"
      >
        The event and its other deliveries
      </Link>
    </div>
  )
}
