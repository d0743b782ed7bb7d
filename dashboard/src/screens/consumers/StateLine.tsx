/** How a consumer is, in sentences: all that holds, what matters most first. */
import type { ReactNode } from "react"
import { Link } from "wouter"
import type { Consumer } from "../../api/wire.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { Ago, Clock } from "../../parts/Time.tsx"
import { useNow } from "../../words/clock.ts"
import { type Condition, isRetired } from "../../words/condition.ts"

const Paused = ({
  by,
  reason,
  since
}: {
  readonly since: string
  readonly by: string | null
  readonly reason: string | null
}) => (
  <>
    {by === null ? (reason === null ? "Since" : "By itself") : `By ${by}`} <Ago at={since} />
    {reason === null ? "." : `: “${reason}”.`} What comes for it waits.
  </>
)

const Held = ({ until }: { readonly until: string | null }) => {
  const now = useNow()
  if (until === null || Date.parse(until) < now)
    return "It waits until it has been given what was stored before it subscribed."
  return (
    <>
      A handler asked to hold all of it until <Clock at={until} />.
    </>
  )
}

type Line = readonly [Condition, ReactNode]

const linesOf = (state: Consumer): ReadonlyArray<Line> => {
  const { coolUntil, depth, lastSeenAt, pausedAt, pausedBy, pauseReason, servedBy } = state
  const lines: Array<Line> = []
  if (pausedAt !== null) {
    lines.push([
      { state: "paused", word: "Paused" },
      <Paused key="paused" since={pausedAt} by={pausedBy} reason={pauseReason} />
    ])
  }
  if (isRetired(state)) {
    return [
      [{ state: "done", word: "Retired" }, "It is subscribed to nothing. What it had is kept as long as its events."]
    ]
  }
  if (servedBy.length === 0) {
    lines.push([
      { state: "retrying", word: "Nobody serves it" },
      <>
        No process that runs has a handler for it; one was last seen <Ago at={lastSeenAt} />. Deploy one again, or
        retire it.
      </>
    ])
  }
  if (depth.isRecovering) {
    lines.push([
      { state: "retrying", word: "Careful after a crash" },
      "A process that served it ended without a word. What it may have had in hand is tried with care."
    ])
  }
  if (depth.isHeld) lines.push([{ state: "waiting", word: "Held" }, <Held key="held" until={coolUntil} />])
  return lines
}

export const StateLine = ({ consumer }: { readonly consumer: Consumer }) => {
  const lines = linesOf(consumer)
  const { servedBy } = consumer
  if (lines.length === 0) {
    return (
      <p className="-mt-1">
        <StateMark
          state="done"
          word={servedBy.length === 1 ? "Serving in 1 process" : `Serving in ${servedBy.length} processes`}
        />
      </p>
    )
  }
  return (
    <ul className="-mt-1 grid gap-1">
      {lines.map(([condition, sentence]) => (
        <li key={condition.word} className="flex flex-wrap gap-x-3">
          <StateMark {...condition} />
          <span className="min-w-0">{sentence}</span>
        </li>
      ))}
      {servedBy.length === 0 ? null : (
        <li className="text-muted">
          <Link href={`/processes?consumer=${encodeURIComponent(consumer.consumer)}`} className="hover:underline">
            {servedBy.length === 1 ? "1 process serves it." : `${servedBy.length} processes serve it.`}
          </Link>
        </li>
      )}
    </ul>
  )
}
