/** What a consumer did and had over time. */
import { memo, useMemo } from "react"
import { useAsk } from "../../api/asking.ts"
import { Answered, Skeleton } from "../../parts/Answers.tsx"
import { Chart, type ChartProps } from "../../parts/Chart.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { rangeWords } from "../../parts/range.ts"
import { briefly, short } from "../../words/numbers.ts"
import { type Span, useSpan } from "./asked.ts"
import { LagMap } from "./LagMap.tsx"
import { useMarks } from "./marks.ts"
import { everyStep } from "./rates.ts"
import { askedEvery, chartSteps, millisOf, type Step, stepsOf } from "./steps.ts"

const height = 180

const minute = 60_000

type Marks = NonNullable<ChartProps["marks"]>

interface Shown {
  readonly name: string
  readonly span: Span
  readonly step: number
  readonly marks: Marks
}

const waiting = <Skeleton className="h-[180px] w-full" />

/** How much there was, counted once a minute while there is something. */
const Depths = ({ marks, name, span: { from, fromMillis, range, to, toMillis }, step }: Shown) => {
  const query = useAsk("/statistics/gauges", { query: { consumer: name, from, to } }, { every: askedEvery(step) })
  const gauges = useMemo(
    () =>
      everyStep(query.data ?? [], fromMillis, toMillis, step).map(({ at, points }) => {
        const last = points.at(-1)
        const oldestAt = last?.oldestAt ?? null
        return {
          at,
          last,
          oldest:
            last === undefined ? null : oldestAt === null ? 0 : Math.max(0, Date.parse(last.at) - Date.parse(oldestAt))
        }
      }),
    [query.data, fromMillis, toMillis, step]
  )
  const times = gauges.map(({ at }) => at)
  const isCut = query.data?.some(({ isExact }) => !isExact) === true
  return (
    <>
      <Panel title="Open">
        <Answered query={query} skeleton={waiting}>
          {() => (
            <Chart
              label={`Open deliveries of ${name} over ${rangeWords[range]}`}
              kind="area"
              height={height}
              times={times}
              marks={marks}
              format={short}
              series={[
                { label: "waiting", token: "--waiting", values: gauges.map(({ last }) => last?.open ?? null) },
                { label: "retrying", token: "--retrying", values: gauges.map(({ last }) => last?.retrying ?? null) },
                { label: "parked", token: "--parked", values: gauges.map(({ last }) => last?.parked ?? null) }
              ]}
            />
          )}
        </Answered>
        {isCut ? <p className="text-sm text-muted">There was more at times than was counted.</p> : null}
      </Panel>
      <Panel title="Age of the oldest">
        <Answered query={query} skeleton={waiting}>
          {() => (
            <Chart
              label={`For how long the oldest open delivery of ${name} was due, over ${rangeWords[range]}`}
              height={height}
              times={times}
              marks={marks}
              format={briefly}
              series={[{ label: "oldest", token: "--waiting", values: gauges.map(({ oldest }) => oldest) }]}
            />
          )}
        </Answered>
      </Panel>
    </>
  )
}

const Throughput = ({ marks, name, span: { range }, step, steps }: Shown & { readonly steps: ReadonlyArray<Step> }) => {
  const per = (count: number) => (count * minute) / step
  return (
    <Chart
      label={`Attempts of ${name} a minute over ${rangeWords[range]}`}
      kind="bars"
      height={height}
      times={steps.map(({ at }) => at)}
      marks={marks}
      format={short}
      series={[
        { label: "processed", token: "--running", values: steps.map(({ processed }) => per(processed)) },
        { label: "skipped", token: "--paused", values: steps.map(({ skipped }) => per(skipped)) },
        { label: "retried", token: "--retrying", values: steps.map(({ retried }) => per(retried)) },
        { label: "gave up", token: "--gave-up", values: steps.map(({ gaveUp }) => per(gaveUp)) }
      ]}
    />
  )
}

const Durations = ({ marks, name, span: { range }, steps }: Shown & { readonly steps: ReadonlyArray<Step> }) => (
  <Chart
    label={`How long handlers of ${name} ran over ${rangeWords[range]}`}
    height={height}
    times={steps.map(({ at }) => at)}
    marks={marks}
    format={briefly}
    series={[
      { label: "p50, at most", token: "--running", values: steps.map((each) => millisOf(each.duration, 0.5)) },
      { label: "p95, at most", token: "--retrying", values: steps.map((each) => millisOf(each.duration, 0.95)) }
    ]}
  />
)

/** Drawn again when there are other figures or another span, not each second. */
const Charts = memo(({ name, span }: { readonly name: string; readonly span: Span }) => {
  const step = chartSteps[span.range]
  const marks = useMarks(name, span)
  const { from, fromMillis, to, toMillis } = span
  const query = useAsk("/statistics", { query: { consumer: name, from, to } }, { every: askedEvery(step) })
  const steps = useMemo(
    () => stepsOf(query.data ?? [], fromMillis, toMillis, step),
    [query.data, fromMillis, toMillis, step]
  )
  const shown = { name, span, step, marks, steps }
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Depths name={name} span={span} step={step} marks={marks} />
      <Panel title="Attempts a minute">
        <Answered query={query} skeleton={waiting}>
          {() => <Throughput {...shown} />}
        </Answered>
      </Panel>
      <Panel title="How long handlers run">
        <Answered query={query} skeleton={waiting}>
          {() => <Durations {...shown} />}
        </Answered>
      </Panel>
      <Panel title="How long deliveries wait before their handler begins" className="lg:col-span-2">
        <Answered query={query} skeleton={waiting}>
          {() => <LagMap steps={steps} step={step} />}
        </Answered>
      </Panel>
    </div>
  )
})

export const ConsumerCharts = ({ name }: { readonly name: string }) => <Charts name={name} span={useSpan()} />
