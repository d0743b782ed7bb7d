/** Requeues and discards of many: what goes on, and what came of those before. */
import { useMemo } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import { useAskPages } from "../../api/pages.ts"
import type { Operation } from "../../api/wire.ts"
import { Empty, ProblemNote, SkeletonRows, useUnsaid } from "../../parts/Answers.tsx"
import { Choose } from "../../parts/Field.tsx"
import { More } from "../../parts/More.tsx"
import { ScreenTitle } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { useGo, useHref, usePlace } from "../../parts/place.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { Ago } from "../../parts/Time.tsx"
import { exact } from "../../words/numbers.ts"
import { OperationBar } from "./OperationBar.tsx"
import { OperationDrawer } from "./OperationDrawer.tsx"
import { filterWords, isActive, lookOf } from "./words.ts"

type Shown = "all" | Operation["state"]

const choices = [
  { value: "all", label: "All" },
  { value: "running", label: "Under way" },
  { value: "canary", label: "Trying the first" },
  { value: "finished", label: "Finished" },
  { value: "stopped", label: "Stopped" },
  { value: "canary-failed", label: "The first ones failed again" }
] as const

const columnsOf = (titleOf: (fingerprint: string) => string | undefined): ReadonlyArray<Column<Operation>> => [
  {
    id: "what",
    title: "What",
    isWide: true,
    narrow: "first",
    cell: ({ filter, kind, total }) => (
      <>
        <span className="font-semibold">
          {kind === "requeue" ? "Requeue" : "Discard"} {exact(total)}
        </span>
        <span className="text-muted"> · {filterWords(filter, titleOf)}</span>
      </>
    )
  },
  {
    id: "state",
    title: "State",
    cell: (operation) => {
      const [state, word] = lookOf(operation)
      return <StateMark state={state} word={word} />
    }
  },
  {
    id: "progress",
    title: "Progress",
    narrow: "left-out",
    cell: (operation) => (
      <div className="w-32">
        <OperationBar operation={operation} withLegend={false} />
      </div>
    )
  },
  { id: "by", title: "By", cell: ({ by }) => by },
  { id: "begun", title: "Begun", cell: ({ createdAt }) => <Ago at={createdAt} /> }
]

const Operations = () => {
  const id = usePlace<"id">("/operations/:id")?.id
  const go = useGo()
  const href = useHref()
  const [given, setState] = useParam("state")
  const state: Shown = choices.find(({ value }) => value === given)?.value ?? "all"
  const groups = useAsk("/error-groups", { query: { limit: 200 } }, { every: false }).data?.items
  const query = useAskPages("/operations", state === "all" ? {} : { state }, { every: 2_000 })
  const columns = useMemo(
    () => columnsOf((fingerprint) => groups?.find((group) => group.fingerprint === fingerprint)?.title),
    [groups]
  )
  const { error, items } = query
  const unsaid = useUnsaid(error, items !== undefined)
  return (
    <>
      <ScreenTitle
        title="Operations"
        actions={
          <Choose<Shown>
            label="State"
            value={state}
            onChange={(value) => setState(value === "all" ? undefined : value)}
            choices={choices}
          />
        }
      >
        {items?.some(isActive) === true
          ? "Dead letters are being worked on. Each process takes its share; nothing is lost when one ends."
          : "Requeues and discards of many dead letters. Results are kept for 30 days."}
      </ScreenTitle>
      {unsaid === undefined ? null : <ProblemNote problem={unsaid} onRetry={() => void query.refetch()} />}
      {items === undefined ? (
        unsaid === undefined ? (
          <SkeletonRows />
        ) : null
      ) : items.length === 0 ? (
        <Empty title={state === "all" ? "No operation was begun yet" : "No operation is in this state"}>
          An operation begins with Requeue or Discard on{" "}
          <Link href="/dead-letters" className="text-accent underline">
            dead letters
          </Link>
          .
        </Empty>
      ) : (
        <div className="rounded-md border border-line bg-panel px-2">
          <Table
            label="Operations, the newest first"
            rows={items}
            columns={columns}
            keyOf={(operation) => operation.id}
            hrefOf={(operation) => href(`/operations/${operation.id}`)}
            currentKey={id}
          />
        </div>
      )}
      <More
        count={items?.length ?? 0}
        what="operations"
        hasMore={query.hasNextPage}
        isAsking={query.isFetchingNextPage}
        onMore={() => void query.fetchNextPage()}
      />
      <OperationDrawer id={id} onClose={() => go("/operations")} />
    </>
  )
}

export default Operations
