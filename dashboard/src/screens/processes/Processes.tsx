/** Processes: those that run, and those that ended in the last day. */
import { X } from "lucide-react"
import { useState } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { Replica } from "../../api/wire.ts"
import { Answered, Empty } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { CopyButton } from "../../parts/Copy.tsx"
import { useCalm } from "../../parts/calm.ts"
import { ScreenTitle } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { Ago } from "../../parts/Time.tsx"
import { exact } from "../../words/numbers.ts"
import { Condition } from "./Condition.tsx"
import { Deaths } from "./Deaths.tsx"
import { lookOf, placeOf, runningFirst } from "./process.ts"

/** So many consumers of a process are named at once. */
const named = 3

const ConsumersOf = ({ replica: { consumers } }: { readonly replica: Replica }) => {
  const [isOpen, setOpen] = useState(false)
  if (consumers.length === 0) return <span className="text-faint">none</span>
  const shown = isOpen ? consumers : consumers.slice(0, named)
  const rest = consumers.length - named
  return (
    <span className="flex flex-wrap items-center gap-x-3">
      {shown.map((consumer) => (
        <Link
          key={consumer}
          href={`/consumers/${encodeURIComponent(consumer)}`}
          className="inline-flex h-8 items-center hover:underline"
        >
          {consumer}
        </Link>
      ))}
      {rest > 0 ? (
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className="inline-flex h-8 items-center rounded px-1 text-accent hover:underline"
        >
          {isOpen ? "fewer" : `and ${exact(rest)} more`}
        </button>
      ) : null}
    </span>
  )
}

const said = (word: string) => <span className="sm:hidden">{word}&nbsp;</span>

const columns: ReadonlyArray<Column<Replica>> = [
  {
    id: "process",
    title: "Process",
    narrow: "first",
    cell: (replica) => (
      <span className="-my-1 inline-flex items-center font-semibold" title={replica.id}>
        {placeOf(replica)}
        <CopyButton text={replica.id} label="Copy the process's id" />
      </span>
    )
  },
  { id: "status", title: "Status", narrow: "first", cell: ({ status }) => <StateMark {...lookOf(status)} /> },
  { id: "condition", title: "Version", cell: (replica) => <Condition replica={replica} /> },
  {
    id: "consumers",
    title: "Consumers",
    isWide: true,
    cell: (replica) => <ConsumersOf replica={replica} />
  },
  {
    id: "seen",
    title: "Last sign of life",
    isNumber: true,
    cell: ({ lastSeenAt, startedAt, stoppedAt, status }) => (
      <>
        {said(status === "stopped" ? "stopped" : "seen")}
        <Ago at={status === "stopped" && stoppedAt !== null ? stoppedAt : lastSeenAt} />
        <span className="block text-muted max-sm:ml-3 max-sm:inline">
          started <Ago at={startedAt} />
        </span>
      </>
    )
  }
]

const idOf = ({ id }: Replica) => id

const Listed = ({ consumer, replicas }: { readonly replicas: ReadonlyArray<Replica>; readonly consumer?: string }) => {
  const rows = runningFirst(replicas).filter(({ consumers }) => consumer === undefined || consumers.includes(consumer))
  const { handlers, show, shown, waits } = useCalm(rows, idOf)
  const ids = new Set(rows.map(idOf))
  if (rows.length === 0) {
    return consumer === undefined ? (
      <Empty title="No process is known">
        Processes are known from their start on, and for a day after their end. This one delivers nothing.
      </Empty>
    ) : (
      <Empty title={`No process of the last day served ${consumer}`} />
    )
  }
  return (
    <div {...handlers} className="rounded-md border border-line bg-panel px-2">
      {waits === 0 ? null : (
        <button type="button" onClick={show} className="h-8 w-full text-accent">
          {exact(waits)} new
        </button>
      )}
      <Table
        label="Processes, those that run first"
        rows={shown.filter(({ id }) => ids.has(id))}
        columns={columns}
        keyOf={idOf}
      />
    </div>
  )
}

const summaryOf = (replicas: ReadonlyArray<Replica>): string => {
  const count = (status: Replica["status"]) => replicas.filter((replica) => replica.status === status).length
  const ended = replicas.length - count("running")
  return `${exact(count("running"))} running; ${exact(ended)} ended in the last day.`
}

const Processes = () => {
  const query = useAsk("/replicas", {})
  const [consumer, setConsumer] = useParam("consumer")
  return (
    <>
      <ScreenTitle
        title="Processes"
        actions={
          consumer === undefined ? undefined : (
            <Button onClick={() => setConsumer(undefined)}>
              Only those of {consumer} <X size={14} aria-hidden="true" />
              <span className="sr-only">: show all</span>
            </Button>
          )
        }
      >
        {query.data === undefined ? "Those that run, and those that ended in the last day." : summaryOf(query.data)}
      </ScreenTitle>
      <Answered query={query}>
        {(replicas) => (
          <>
            <Deaths replicas={replicas} />
            <Listed replicas={replicas} {...(consumer === undefined ? {} : { consumer })} />
          </>
        )}
      </Answered>
    </>
  )
}

export default Processes
