/** What happened to an entity, across modules, in the order of time. */

import type { Entity } from "../../api/wire.ts"
import { Answered, Empty } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { dayText, isUtc } from "../../words/clock.ts"
import { entityText } from "../../words/entities.ts"
import { keyOfMoment, type Moment, MomentRow } from "./Moment.tsx"
import { useLifePages } from "./pages.ts"

interface Day {
  readonly name: string
  readonly moments: ReadonlyArray<Moment>
}

const daysOf = (moments: ReadonlyArray<Moment>, utc: boolean): ReadonlyArray<Day> => {
  const days: Array<{ name: string; moments: Array<Moment> }> = []
  for (const moment of moments) {
    const name = dayText(moment.at, utc)
    const last = days.at(-1)
    if (last?.name === name) last.moments.push(moment)
    else days.push({ name, moments: [moment] })
  }
  return days
}

const Days = ({ entity, moments }: { readonly entity: Entity; readonly moments: ReadonlyArray<Moment> }) => {
  const own = entityText(entity)
  return daysOf(moments, isUtc.use()).map((day) => (
    <section key={day.name} className="mt-2 first:mt-0">
      <h3 className="sticky top-12 z-10 -mx-4 bg-panel px-4 py-1.5 text-sm text-muted">{day.name}</h3>
      <ol>
        {day.moments.map((moment) => (
          <MomentRow key={keyOfMoment(moment)} moment={moment} isOfOther={entityText(moment.entity) !== own} />
        ))}
      </ol>
    </section>
  ))
}

export const LifeOf = ({ entity }: { readonly entity: Entity }) => {
  const [given, setAlone] = useParam("life")
  const isAlone = given === "alone"
  const query = useLifePages(entity, isAlone ? 0 : 1)
  const choice = (
    <label className="flex min-h-8 items-center gap-2">
      <input type="checkbox" checked={!isAlone} onChange={() => setAlone(isAlone ? undefined : "alone")} />
      With those it is linked with
    </label>
  )
  return (
    <Panel
      title={
        <>
          The life of <span className="break-all">{entityText(entity)}</span> across modules
        </>
      }
      actions={choice}
    >
      <Answered query={query}>
        {({ pages }) => {
          const moments = pages.flatMap((page) => page.moments)
          return moments.length === 0 ? (
            <Empty title="Nothing is known of it">
              No event is about it, and it is linked with nothing. Events that retention removed are not told of.
            </Empty>
          ) : (
            <>
              <Days entity={entity} moments={moments} />
              {query.hasNextPage ? (
                <Button className="my-2" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Show later moments
                </Button>
              ) : null}
              {pages.every(({ isComplete }) => isComplete) ? null : (
                <p className="py-2 text-sm text-muted">
                  There are more entities, events or links than are looked at here: some moments are missing.
                </p>
              )}
            </>
          )
        }}
      </Answered>
    </Panel>
  )
}
