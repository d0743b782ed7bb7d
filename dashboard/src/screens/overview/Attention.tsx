/** What wants attention: sentences, each with where it is dealt with. */
import { Link } from "wouter"
import type { Overview } from "../../api/wire.ts"
import { Button } from "../../parts/Button.tsx"
import { useCalm } from "../../parts/calm.ts"
import { Panel } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { Sentence } from "../../parts/Sentence.tsx"

type Item = Overview["attention"][number]

/** So many are shown until more are asked for. */
const first = 5

const looks = {
  error: ["■", "Error", "text-gave-up"],
  warning: ["▲", "Warning", "text-retrying"],
  notice: ["○", "Notice", "text-muted"]
} as const

/** Where it is dealt with, and what that is called. */
const actionOf = ({ id, subject }: Item): readonly [href: string, text: string] | undefined => {
  const name = encodeURIComponent(subject ?? "")
  if (id === "dead-letters") return [`/dead-letters?consumer=${name}`, "See what gave up"]
  if (id === "error-new") return [`/dead-letters/${name}`, "See the error"]
  if (id === "process-died") return ["/processes", "See processes"]
  if (id.startsWith("consumer-")) return [`/consumers/${name}`, "See the consumer"]
  return undefined
}

const Row = ({ item }: { readonly item: Item }) => {
  const [shape, word, colour] = looks[item.severity]
  const action = actionOf(item)
  return (
    <li className="flex min-h-8 items-center gap-3 border-b border-line/60 py-0.5 last:border-0 max-sm:flex-wrap max-sm:gap-y-0">
      <span aria-hidden="true" className={`w-3 shrink-0 text-center text-[10px] ${colour}`}>
        {shape}
      </span>
      <p
        className="line-clamp-2 min-w-0 flex-1 break-words max-sm:line-clamp-3 max-sm:basis-[calc(100%-2rem)] max-sm:pt-1.5"
        title={item.title}
      >
        <span className="sr-only">{word}: </span>
        <Sentence text={item.title} />
      </p>
      {action === undefined ? null : (
        <Link
          href={action[0]}
          className="flex h-8 shrink-0 items-center rounded-md px-2 text-accent hover:bg-hover max-sm:ml-4"
        >
          {action[1]}
        </Link>
      )}
    </li>
  )
}

const keyOf = ({ id, subject, title }: Item) => `${id} ${subject ?? title}`

export const Attention = ({ items }: { readonly items: ReadonlyArray<Item> }) => {
  const { handlers, show, shown, waits } = useCalm(items, keyOf)
  const [all, setAll] = useParam("attention")
  const isAll = all === "all"
  if (shown.length === 0) return null
  const rest = shown.length - first
  return (
    <Panel
      title={`Needs attention (${shown.length})`}
      className="mb-4"
      actions={
        <>
          {waits === 0 ? null : <Button onClick={show}>{waits} new</Button>}
          {rest <= 0 ? null : (
            <Button look="quiet" aria-expanded={isAll} onClick={() => setAll(isAll ? undefined : "all")}>
              {isAll ? "Show fewer" : `Show ${rest} more`}
            </Button>
          )}
        </>
      }
    >
      <ul {...handlers}>
        {(isAll ? shown : shown.slice(0, first)).map((item) => (
          <Row key={keyOf(item)} item={item} />
        ))}
      </ul>
    </Panel>
  )
}
