/** What became of an event: one line a consumer, on the same axis of time. */
import { Link } from "wouter"
import type { EventDelivery, EventDetails } from "../../api/wire.ts"
import { Empty } from "../../parts/Answers.tsx"
import { isUtc, timeText, useNow } from "../../words/clock.ts"
import { duration } from "../../words/numbers.ts"
import { states, wordOfDelivery } from "../../words/states.ts"
import { DeadLetterLink } from "./DeadLetterLink.tsx"
import { ParkedBehind } from "./ParkedBehind.tsx"
import { type Axis, axisOf } from "./storyAxis.ts"
import { type Failure, type Lane, laneOf, type Segment } from "./storyLane.ts"
import { sentenceOf } from "./storyWords.ts"
import { WhyWaiting } from "./WhyWaiting.tsx"

const percent = (share: number) => `${(100 * share).toFixed(3)}%`

const looks: Readonly<Record<Segment["kind"], string>> = {
  waiting: "hatched text-waiting h-2 opacity-70",
  retry: "hatched text-retrying h-2 opacity-70",
  parked: "hatched text-parked h-2 opacity-70",
  "given-up": "border-t-2 border-dotted border-gave-up",
  running: "bg-running h-3 min-w-[6px] rounded-[2px]",
  failed: "bg-gave-up h-3 min-w-[4px] rounded-[2px]"
}

const titleOf = ({ attempt, from, isWithSuccess, kind, to }: Segment) => {
  const long = duration(to - from)
  if (isWithSuccess === true) return `${long} until an attempt had succeeded: when it began is not stored`
  if (kind === "failed") return `attempt ${attempt} failed after ${long}`
  if (kind === "running") return `running for ${long}`
  if (kind === "given-up") return `had given up for ${long}, until it was requeued`
  return kind === "parked" ? `parked for ${long}` : `waited ${long}`
}

const Track = ({
  axis,
  lane: { delivery, endedAt, segments, state }
}: {
  readonly axis: Axis
  readonly lane: Lane
}) => (
  <div className="relative mx-1.5 h-5" aria-hidden="true">
    <div className="absolute inset-x-0 top-1/2 h-px bg-line" />
    {segments.map((segment) => {
      const left = axis.place(segment.from)
      return (
        <div
          key={`${segment.kind}${segment.from}`}
          title={titleOf(segment)}
          className={`absolute top-1/2 -translate-y-1/2 ${looks[segment.kind]}`}
          style={{ left: percent(left), width: percent(axis.place(segment.to) - left) }}
        />
      )
    })}
    {endedAt === undefined && state !== "running" ? null : (
      <span
        title={wordOfDelivery(delivery)}
        className={`absolute top-1/2 -translate-1/2 rounded-full bg-panel px-px text-[12px] leading-none ${states[state].text}`}
        style={{ left: percent(axis.place(endedAt ?? axis.to)) }}
      >
        {states[state].shape}
      </span>
    )}
  </div>
)

const FailureLine = ({
  failure: { at, detail, first, last, message, until },
  from
}: {
  readonly failure: Failure
  readonly from: number
}) => (
  <li className="min-w-0">
    <p className="break-words text-gave-up">
      <span className="text-muted">
        {first === last ? `Attempt ${first}` : `Attempts ${first} to ${last}`}, +{duration(at - from)}
        {until === at ? "" : ` to +${duration(until - from)}`}:{" "}
      </span>
      {message}
    </p>
    {detail.trim() === "" ? null : (
      <details>
        <summary className="cursor-pointer text-faint hover:text-text max-sm:min-h-8">Where it was thrown</summary>
        <pre className="overflow-x-auto text-muted">{detail}</pre>
      </details>
    )}
  </li>
)

const SuccessLine = ({ from, lane: { success } }: { readonly lane: Lane; readonly from: number }) =>
  success === undefined ? null : (
    <li className="break-words text-done" title="When it began is not stored.">
      <span className="text-muted">Attempt {success.attempt}:</span> succeeded at +{duration(success.at - from)}
    </li>
  )

/** What is to be known beside the line. */
const Notes = ({
  delivery,
  isUsual,
  lane,
  from
}: {
  readonly delivery: EventDelivery
  readonly lane: Lane
  readonly from: number
  readonly isUsual: boolean
}) => {
  if (lane.failures.length === 0 && (isUsual || delivery.lastError === null)) return null
  return (
    <ul className="grid gap-1 pt-1 text-sm">
      {lane.failures.map((failure) => (
        <FailureLine key={failure.first} failure={failure} from={from} />
      ))}
      {lane.failures.length === 0 ? (
        <li className="break-words text-muted">{delivery.lastError}</li>
      ) : (
        <SuccessLine lane={lane} from={from} />
      )}
    </ul>
  )
}

const LaneView = ({ axis, lane, now }: { readonly axis: Axis; readonly lane: Lane; readonly now: number }) => {
  const { delivery, state } = lane
  const isDead = !delivery.isOpen && (delivery.status === "dead_letter" || delivery.status === "failed")
  return (
    <li className="border-b border-line/60 py-2 last:border-0">
      <div className="flex flex-wrap items-baseline gap-x-2">
        <h3>
          <Link href={`/consumers/${encodeURIComponent(delivery.consumer)}`} className="hover:underline">
            {delivery.consumer}
          </Link>
        </h3>
        <span className={`text-sm ${delivery.status === "processed" ? "text-muted" : states[state].text}`}>
          {sentenceOf(lane, axis.from, now)}
        </span>
        {delivery.isOpen && !delivery.isParked ? <WhyWaiting consumer={delivery.consumer} /> : null}
        {delivery.waitsFor === null ? null : <ParkedBehind held={delivery.waitsFor} now={now} />}
        {delivery.isEdited ? <span className="text-sm text-muted">· with an edited payload</span> : null}
        {isDead ? <DeadLetterLink deliveryId={delivery.deliveryId} /> : null}
      </div>
      <Track axis={axis} lane={lane} />
      <Notes delivery={delivery} lane={lane} from={axis.from} isUsual={delivery.status === "processed"} />
    </li>
  )
}

const Scale = ({ axis, isOpen }: { readonly axis: Axis; readonly isOpen: boolean }) => {
  const utc = isUtc.use()
  return (
    <div className="flex justify-between gap-4 pb-1 text-sm text-muted">
      <span>
        <span className="text-text">published</span> {timeText(axis.from, utc, true)}
      </span>
      <span className="text-right">
        {isOpen ? "now, " : ""}+{duration(axis.to - axis.from)}
      </span>
    </div>
  )
}

/** Behind all lines: gaps that were made short, with how long they are. */
const Gaps = ({ axis }: { readonly axis: Axis }) => (
  <div className="pointer-events-none absolute inset-x-1.5 inset-y-0" aria-hidden="true">
    {axis.gaps.map(({ left, millis, right }) => (
      <div
        key={left}
        className="absolute inset-y-0 overflow-hidden border-x border-dashed border-edge/30 bg-hover/50"
        style={{ left: percent(left), width: percent(right - left) }}
      >
        <span className="block truncate text-center text-xs text-muted">{duration(millis)}</span>
      </div>
    ))}
  </div>
)

export const Story = ({ event }: { readonly event: EventDetails }) => {
  const tick = useNow()
  const isOpen = event.deliveries.some((delivery) => delivery.isOpen)
  const from = new Date(event.createdAt).getTime()
  const now = Math.max(tick, from)
  if (!event.isRouted) {
    return <Empty title="Not routed yet">Which consumers get it is found out when the next process looks.</Empty>
  }
  if (event.deliveries.length === 0) {
    return <Empty title="Nobody hears it">No consumer had subscribed to {event.eventName} when it was published.</Empty>
  }
  const lanes = event.deliveries.map((delivery) => laneOf(delivery, now))
  const axis = axisOf(lanes, from, now)
  return (
    <section aria-label="Story">
      <Scale axis={axis} isOpen={isOpen} />
      <div className="relative">
        <Gaps axis={axis} />
        <ul className={`relative border-t border-line ${axis.gaps.length === 0 ? "" : "pt-4"}`}>
          {lanes.map((lane) => (
            <LaneView key={lane.delivery.deliveryId} axis={axis} lane={lane} now={now} />
          ))}
        </ul>
      </div>
      <Legend lanes={lanes} />
    </section>
  )
}

const legend: ReadonlyArray<readonly [Segment["kind"], string, string]> = [
  ["waiting", "hatched h-2 w-5 text-waiting", "waits for its first attempt"],
  ["retry", "hatched h-2 w-5 text-retrying", "waits for the next attempt"],
  ["parked", "hatched h-2 w-5 text-parked", "parked"],
  ["given-up", "w-5 border-t-2 border-dotted border-gave-up", "had given up, until it was requeued"],
  ["failed", "h-3 w-1.5 rounded-[2px] bg-gave-up", "an attempt that failed"],
  ["running", "h-3 w-3 rounded-[2px] bg-running", "an attempt that runs"]
]

const Legend = ({ lanes }: { readonly lanes: ReadonlyArray<Lane> }) => {
  const seen = new Set(lanes.flatMap(({ segments }) => segments.map(({ kind }) => kind)))
  return (
    <p className="flex flex-wrap items-center gap-x-4 border-t border-line pt-2 text-sm text-faint" aria-hidden="true">
      {legend.map(([kind, look, text]) =>
        seen.has(kind) ? (
          <span key={kind} className="inline-flex items-center gap-1.5">
            <span className={`inline-block ${look}`} /> {text}
          </span>
        ) : null
      )}
    </p>
  )
}
