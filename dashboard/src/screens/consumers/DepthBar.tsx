/** What waits for a consumer, by state: a bar, and the same as a list. */
import { Link } from "wouter"
import type { Consumer } from "../../api/wire.ts"
import { counted, openOf } from "../../words/condition.ts"
import { exact } from "../../words/numbers.ts"
import { states } from "../../words/states.ts"

const parts = [
  ["ready", "ready", "waiting", "Due, and not attempted yet."],
  ["delayed", "delayed", "waiting", "Not due yet, and not attempted."],
  ["leased", "in hand", "running", "In the hands of a handler that holds a lease."],
  ["retrying", "retrying", "retrying", "Attempted, and to be attempted again."],
  ["parked", "parked", "parked", "Behind others of their aggregate, in its order."],
  ["deadLetters", "gave up", "gave-up", "Dead letters: somebody has to decide."]
] as const

export const DepthBar = ({ consumer: { consumer, depth } }: { readonly consumer: Consumer }) => {
  const total = openOf(depth) + depth.deadLetters
  return (
    <>
      <div aria-hidden="true" className="my-1 flex h-3 gap-px overflow-hidden rounded-sm bg-hover">
        {parts.map(([key, word, state]) =>
          depth[key] === 0 ? null : (
            <div
              key={key}
              title={`${exact(depth[key])} ${word}`}
              className={`min-w-1 ${key === "delayed" ? `hatched ${states[state].text}` : states[state].fill}`}
              style={{ flexGrow: depth[key], flexBasis: 0 }}
            />
          )
        )}
      </div>
      <ul className="mt-2 grid grid-cols-2 gap-x-6 sm:flex sm:flex-wrap" aria-label="What waits, by state">
        {parts.map(([key, word, state, meaning]) => {
          const count = depth[key]
          const look = states[state]
          const text = (
            <>
              <span
                aria-hidden="true"
                className={`w-3 text-center text-[10px] ${count === 0 ? "text-faint" : look.text}`}
              >
                {look.shape}
              </span>
              <span className={count === 0 ? "text-faint" : "font-semibold"}>{counted(count)}</span>
              <span className={count === 0 ? "text-faint" : "text-muted"}>{word}</span>
            </>
          )
          return (
            <li key={key} title={meaning} className="flex h-8 items-center gap-1.5">
              {key === "deadLetters" && count > 0 ? (
                <Link
                  href={`/dead-letters?consumer=${encodeURIComponent(consumer)}`}
                  className="flex h-8 items-center gap-1.5 hover:underline"
                >
                  {text}
                </Link>
              ) : (
                text
              )}
            </li>
          )
        })}
        {total === 0 ? <li className="flex h-8 items-center text-muted sm:ml-auto">Nothing waits for it.</li> : null}
      </ul>
    </>
  )
}
