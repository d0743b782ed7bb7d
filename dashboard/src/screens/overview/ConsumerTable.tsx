/** All consumers, the worst first. */
import type { Overview } from "../../api/wire.ts"
import { Button } from "../../parts/Button.tsx"
import { useCalm } from "../../parts/calm.ts"
import { Count } from "../../parts/Figure.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { Sparkline } from "../../parts/Sparkline.tsx"
import { StateMark } from "../../parts/StateMark.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { duration, exact, percent, quantileText } from "../../words/numbers.ts"
import { states } from "../../words/states.ts"
import { type Health, healthsOf } from "./consumerHealth.ts"
import { useConsumersNow } from "./depths.ts"

const none = <span className="text-faint">0</span>

/** What is said of a figure where there are no titles above. */
const Narrow = ({ children }: { readonly children: string }) => <span className="sm:hidden">{` ${children}`}</span>

/** In how many minutes something failed, for those who do not see the marks. */
const troubleText = (troubles: Health["troubles"]) => {
  const count = troubles.filter((trouble) => trouble !== undefined).length
  return count === 0 ? "" : `, with failures in ${count} of its minutes`
}

const columns: ReadonlyArray<Column<Health>> = [
  {
    id: "consumer",
    title: "Consumer",
    narrow: "first",
    cell: ({ consumer }) => <span className="font-semibold">{consumer}</span>
  },
  { id: "state", title: "State", narrow: "first", cell: ({ state, word }) => <StateMark state={state} word={word} /> },
  {
    id: "open",
    title: "Open",
    isNumber: true,
    cell: ({ open }) => (
      <>
        {open === 0 ? none : <Count value={open} />}
        <Narrow>open</Narrow>
      </>
    )
  },
  {
    id: "oldest",
    title: "Oldest",
    isNumber: true,
    narrow: "left-out",
    cell: ({ oldestMillis }) => (oldestMillis === 0 ? <span className="text-faint">–</span> : duration(oldestMillis))
  },
  {
    id: "settled",
    title: "Settled",
    narrow: "left-out",
    cell: ({ consumer, settled, troubles }) => (
      <Sparkline
        label={`${consumer} settled ${exact(settled.reduce((sum, count) => sum + count, 0))} in the last hour${troubleText(troubles)}`}
        values={settled}
        token={states[settled.every((count) => count === 0) ? "done" : "running"].token}
        marks={troubles.map((trouble) => trouble && states[trouble].token)}
        width={120}
        height={20}
      />
    )
  },
  {
    id: "failures",
    title: "Failures",
    isNumber: true,
    cell: ({ attempts, failures }) => (
      <span
        className={failures === 0 ? "text-faint" : ""}
        title={`${exact(failures)} of ${exact(attempts)} attempts in the last hour`}
      >
        {percent(failures, attempts)}
        <Narrow>failed</Narrow>
      </span>
    )
  },
  {
    id: "p95",
    title: "p95",
    isNumber: true,
    narrow: "left-out",
    cell: ({ duration: took }) =>
      took === undefined ? <span className="text-faint">–</span> : quantileText(took, 0.95)
  },
  {
    id: "gave-up",
    title: "Gave up",
    isNumber: true,
    cell: ({ gaveUp }) => (
      <>
        {gaveUp === 0 ? (
          none
        ) : (
          <span className="text-gave-up">
            <Count value={gaveUp} />
          </span>
        )}
        <Narrow>gave up</Narrow>
      </>
    )
  }
]

const keyOf = ({ consumer }: Health) => consumer

export const ConsumerTable = ({ overview }: { readonly overview: Overview }) => {
  const consumers = useConsumersNow(overview)
  const { handlers, show, shown, waits } = useCalm(
    healthsOf(consumers, overview.rates, new Date(overview.at).getTime()),
    keyOf
  )
  return (
    <Panel
      title={
        <>
          Consumers <span className="font-normal text-muted">the worst first, figures of the last hour</span>
        </>
      }
      actions={waits === 0 ? null : <Button onClick={show}>{waits} new</Button>}
    >
      {shown.length === 0 ? (
        <p className="py-2 text-muted">No consumer was declared yet.</p>
      ) : (
        <div {...handlers}>
          <Table
            label="Consumers, the worst first"
            rows={shown}
            columns={columns}
            keyOf={keyOf}
            hrefOf={({ consumer }) => `/consumers/${encodeURIComponent(consumer)}`}
          />
        </div>
      )}
    </Panel>
  )
}
