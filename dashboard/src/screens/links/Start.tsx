/** Before an entity is asked for: those that were looked at, and those that the latest events are about. */
import type { ReactNode } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import { Answered } from "../../parts/Answers.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { entityOf, entityText } from "../../words/entities.ts"
import { hrefOfEntity } from "./place.ts"
import { useRecent } from "./recent.ts"

const EntityList = ({ entities }: { readonly entities: ReadonlyArray<string> }) => (
  <ul>
    {entities.map((text) => {
      const entity = entityOf(text)
      return entity === undefined ? null : (
        <li key={text} className="border-b border-line/60 last:border-0">
          <Link href={hrefOfEntity(entity)} className="flex min-h-8 items-center py-1 hover:underline">
            <code className="min-w-0 break-all">{text}</code>
          </Link>
        </li>
      )
    })}
  </ul>
)

const Said = ({ children }: { readonly children: ReactNode }) => <p className="py-2 text-muted">{children}</p>

export const Start = () => {
  const recent = useRecent()
  const events = useAsk("/events", { query: { limit: 30 } }, { every: false })
  return (
    <div className="grid items-start gap-4 md:grid-cols-2">
      <Panel title="Of the latest events">
        <Answered query={events}>
          {({ found }) => {
            const entities = [...new Set(found.map(({ aggregate }) => entityText(aggregate)))].slice(0, 12)
            return entities.length === 0 ? <Said>No event was published yet.</Said> : <EntityList entities={entities} />
          }}
        </Answered>
      </Panel>
      <Panel title="Looked at in this browser">
        {recent.length === 0 ? (
          <Said>
            None yet. Write an entity as <code>module/Type/id</code> above, or choose one.
          </Said>
        ) : (
          <EntityList entities={recent} />
        )}
      </Panel>
    </div>
  )
}
