/** All consumers, the worst first. */
import { useMemo } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { Consumer, ConsumerRate } from "../../api/wire.ts"
import { Answered, Empty, ProblemNote, SkeletonRows, useUnsaid } from "../../parts/Answers.tsx"
import { useCalm } from "../../parts/calm.ts"
import { useIsNarrow, useMedia } from "../../parts/media.ts"
import { ScreenTitle } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { useHref } from "../../parts/place.ts"
import { rangeWords } from "../../parts/range.ts"
import { SearchInput } from "../../parts/SearchInput.tsx"
import { StateMark } from "../../parts/StateMark.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { conditionOf, counted, isLate, openOf, worstFirst } from "../../words/condition.ts"
import { duration, exact, quantileText, short } from "../../words/numbers.ts"
import { useFresh, useRates, useSpan } from "./asked.ts"
import { RateBars } from "./RateBars.tsx"
import { failedOf, failureText, totalsOf } from "./rates.ts"

const nameOf = ({ consumer }: Consumer) => consumer

const quietZero = (text: string, isZero: boolean, loud = "") => (
  <span className={isZero ? "text-faint" : loud}>{text}</span>
)

/** A figure with its name, where rows have two lines and no heading. */
const Named = ({ children, name }: { readonly name: string; readonly children: React.ReactNode }) => (
  <>
    <span className="sm:hidden">{name}&nbsp;</span>
    {children}
  </>
)

const columnsOf = (
  rates: ReadonlyMap<string, ConsumerRate>,
  { fromMillis, range, toMillis }: ReturnType<typeof useSpan>
): ReadonlyArray<Column<Consumer>> => [
  {
    id: "name",
    title: "Consumer",
    narrow: "first",
    isWide: true,
    cell: ({ consumer }) => <span className="font-semibold">{consumer}</span>
  },
  { id: "state", title: "State", narrow: "first", cell: (consumer) => <StateMark {...conditionOf(consumer)} /> },
  {
    id: "open",
    title: "Open",
    isNumber: true,
    cell: ({ depth }) => (
      <Named name="open">
        <span title={exact(openOf(depth))}>{quietZero(counted(openOf(depth)), openOf(depth) === 0)}</span>
      </Named>
    )
  },
  {
    id: "oldest",
    title: "Oldest",
    isNumber: true,
    cell: (consumer) => {
      const { oldestMillis } = consumer.depth
      if (oldestMillis === 0) return <span className="text-faint max-sm:hidden">–</span>
      return (
        <Named name="oldest">
          <span className={isLate(consumer) ? "font-semibold text-retrying" : ""}>{duration(oldestMillis)}</span>
        </Named>
      )
    }
  },
  {
    id: "rate",
    title: `In ${rangeWords[range]}`,
    narrow: "left-out",
    cell: ({ consumer }) => <RateBars rate={rates.get(consumer)} from={fromMillis} to={toMillis} />
  },
  {
    id: "settled",
    title: "Settled",
    isNumber: true,
    narrow: "left-out",
    cell: ({ consumer }) => {
      const { gaveUp, processed, skipped } = totalsOf(rates.get(consumer))
      const settled = processed + skipped + gaveUp
      return <span title={exact(settled)}>{quietZero(short(settled), settled === 0)}</span>
    }
  },
  {
    id: "failures",
    title: "Failures",
    isNumber: true,
    cell: ({ consumer }) => {
      const rate = rates.get(consumer)
      const failed = failedOf(totalsOf(rate))
      return (
        <Named name="failures">
          <span title={`${exact(failed)} attempts failed`}>
            {quietZero(failureText(rate), failed === 0, "text-retrying")}
          </span>
        </Named>
      )
    }
  },
  ...([0.5, 0.95] as const).map(
    (share): Column<Consumer> => ({
      id: `p${share * 100}`,
      title: `p${share * 100}`,
      isNumber: true,
      narrow: "left-out",
      cell: ({ consumer }) => {
        const rate = rates.get(consumer)
        const text = rate === undefined ? "–" : quantileText(rate.duration, share)
        return quietZero(text, text === "–")
      }
    })
  ),
  {
    id: "gave-up",
    title: "Gave up",
    isNumber: true,
    cell: ({ consumer, depth: { deadLetters } }) =>
      deadLetters === 0 ? (
        <span className="text-faint max-sm:hidden">0</span>
      ) : (
        <Link
          href={`/dead-letters?consumer=${encodeURIComponent(consumer)}`}
          className="-my-1.5 inline-flex h-8 items-center font-semibold text-gave-up hover:underline"
          title={`${exact(deadLetters)} dead letters of ${consumer}`}
        >
          <Named name="gave up">{counted(deadLetters)}</Named>
        </Link>
      )
  }
]

/** Columns that wait for room. */
const forWide = new Set(["settled", "p50"])

/** Figures that are with the consumer itself too. */
const forMiddle = new Set(["settled", "p50", "rate"])

/** Those for which there is room. */
const useFitting = (columns: ReadonlyArray<Column<Consumer>>) => {
  const isMiddle = useMedia("(min-width: 641px) and (max-width: 1023px)")
  const isWide = useMedia("(min-width: 1180px)")
  const isNarrow = useIsNarrow()
  const without = isWide || isNarrow ? new Set<string>() : isMiddle ? forMiddle : forWide
  return columns.filter(({ id }) => !without.has(id))
}

const Rows = ({
  answeredAt,
  consumers,
  search
}: {
  readonly consumers: ReadonlyArray<Consumer>
  readonly answeredAt: number
  readonly search: string
}) => {
  const { byConsumer, query: rates } = useRates()
  const span = useSpan()
  const fresh = useFresh()
  const href = useHref()
  const columns = useFitting(useMemo(() => columnsOf(byConsumer, span), [byConsumer, span]))
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const sorted = useMemo(() => worstFirst(consumers), [consumers])
  const found = sorted.filter((consumer) => {
    const text = [consumer.consumer, conditionOf(consumer).word, ...consumer.subscriptions.map(({ event }) => event)]
    return words.every((word) => text.join(" ").toLowerCase().includes(word))
  })
  const { handlers, show, shown, waits } = useCalm(found, nameOf)
  const names = new Set(found.map(nameOf))
  const unsaid = useUnsaid(rates.error, true)
  return (
    <div {...handlers} className="rounded-md border border-line bg-panel px-2">
      {unsaid === undefined ? null : (
        <ProblemNote problem={unsaid} since={rates.dataUpdatedAt} onRetry={() => void rates.refetch()} />
      )}
      {waits === 0 ? null : (
        <button type="button" onClick={show} className="h-8 w-full text-accent">
          {waits} new
        </button>
      )}
      {found.length === 0 ? (
        <Empty title={`No consumer has “${search}” in its name, its state or its events`} />
      ) : (
        <Table
          label="Consumers, the worst first"
          rows={shown.filter((row) => names.has(nameOf(row))).map((row) => fresh(row, answeredAt))}
          columns={columns}
          keyOf={nameOf}
          hrefOf={({ consumer }) => href(`/consumers/${encodeURIComponent(consumer)}`)}
        />
      )}
    </div>
  )
}

export const ConsumerList = () => {
  const query = useAsk("/consumers", {})
  const [search = "", setSearch] = useParam("q")
  const count = query.data?.length
  return (
    <>
      <ScreenTitle
        title="Consumers"
        actions={
          <SearchInput
            label="Find a consumer by name, state or event"
            placeholder="Name, state or event"
            value={search}
            onChange={setSearch}
          />
        }
      >
        {count === undefined ? "The worst first." : `${exact(count)}, the worst first.`}
      </ScreenTitle>
      <Answered query={query} skeleton={<SkeletonRows count={12} />}>
        {(consumers) =>
          consumers.length === 0 ? (
            <Empty title="No consumer yet">
              A consumer is known from the first start of a process that has a subscriber for it.
            </Empty>
          ) : (
            <Rows consumers={consumers} answeredAt={query.dataUpdatedAt} search={search} />
          )
        }
      </Answered>
    </>
  )
}
