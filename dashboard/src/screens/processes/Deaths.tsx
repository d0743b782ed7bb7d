/** Processes that ended without a word: each in a sentence, with what became of its consumers. */
import { useMemo } from "react"
import { Link } from "wouter"
import type { Replica } from "../../api/wire.ts"
import { Panel } from "../../parts/Panel.tsx"
import { StateMark } from "../../parts/StateMark.tsx"
import { Ago } from "../../parts/Time.tsx"
import { exact } from "../../words/numbers.ts"
import { placeOf, servedNow } from "./process.ts"

/** So many are told in sentences, the last that were seen: all are in the list. */
const most = 20

const Death = ({ replica, stillServed }: { readonly replica: Replica; readonly stillServed: ReadonlySet<string> }) => {
  const served = replica.consumers
  const left = served.filter((consumer) => !stillServed.has(consumer))
  return (
    <li className="border-b border-line/60 py-2 last:border-0">
      <p>
        <span className="font-semibold">{placeOf(replica)}</span> gave its last sign of life{" "}
        <Ago at={replica.lastSeenAt} />, and did not say that it ended: it was killed, or lost its connection. It had
        started <Ago at={replica.startedAt} />.
      </p>
      {served.length === 0 ? (
        <p className="text-muted">It served no consumer.</p>
      ) : left.length === 0 ? (
        <p className="text-muted">
          Others serve {served.length === 1 ? "its consumer" : `all its ${exact(served.length)} consumers`} now; what it
          had in hand is tried again.
        </p>
      ) : (
        <p>{left.length === served.length ? "What" : "Some of what"} it served is served by nobody now:</p>
      )}
      {left.length === 0 ? null : (
        <ul className="flex flex-wrap gap-x-4">
          {left.map((consumer) => (
            <li key={consumer}>
              <Link
                href={`/consumers/${encodeURIComponent(consumer)}`}
                className="inline-flex h-8 items-center hover:underline"
              >
                <StateMark state="retrying" word={consumer} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

export const Deaths = ({ replicas }: { readonly replicas: ReadonlyArray<Replica> }) => {
  const stillServed = useMemo(() => servedNow(replicas), [replicas])
  const dead = replicas
    .filter(({ status }) => status === "dead")
    .toSorted((one, other) => other.lastSeenAt.localeCompare(one.lastSeenAt))
  if (dead.length === 0) return null
  return (
    <Panel
      className="mb-4"
      title={
        <StateMark
          state="gave-up"
          word={`${dead.length === 1 ? "1 process" : `${exact(dead.length)} processes`} ended without a word in the last day`}
        />
      }
    >
      <ul className="-my-2">
        {dead.slice(0, most).map((replica) => (
          <Death key={replica.id} replica={replica} stillServed={stillServed} />
        ))}
      </ul>
      {dead.length > most ? (
        <p className="pt-3 text-muted">
          These are the {exact(most)} that were seen last. The list below has the others.
        </p>
      ) : null}
    </Panel>
  )
}
