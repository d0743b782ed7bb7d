/** The four figures: how much comes, how much is settled, how much is open, how much gave up. */
import type { ReactNode } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { Depth, Overview } from "../../api/wire.ts"
import { Sparkline } from "../../parts/Sparkline.tsx"
import { mostCounted, openOf } from "../../words/condition.ts"
import { duration, exact, short } from "../../words/numbers.ts"
import { states } from "../../words/states.ts"
import { useConsumersNow, useNewer } from "./depths.ts"
import { filled, hour, minute, perSecond, stepsOf, sumOfTwo } from "./steps.ts"

const Figure = ({
  children,
  href,
  note,
  title,
  value,
  unit
}: {
  readonly title: string
  readonly value: string
  readonly unit?: string
  readonly note: ReactNode
  readonly href: string
  readonly children: ReactNode
}) => (
  <div className="grid min-w-0 content-start gap-1 border-line px-4 py-3 max-lg:nth-[n+3]:border-t lg:not-first:border-l max-lg:even:border-l">
    <h2 className="font-normal text-muted">
      <Link href={href} className="hover:underline">
        {title}
      </Link>
    </h2>
    <p className="flex items-baseline gap-1.5">
      <span className="text-2xl font-semibold">{value}</span>
      {unit === undefined ? null : <span className="text-muted">{unit}</span>}
    </p>
    <div className="h-7 min-w-0 [&>svg]:w-full">{children}</div>
    <p className="truncate text-sm text-muted">{note}</p>
  </div>
)

const rate = (value: number): string => (value > 0 && value < 0.1 ? "< 0.1" : short(Math.round(value * 10) / 10))

/** The best minute of the hour, unless it is better right now. */
const mostOf = (values: ReadonlyArray<number>, now: number): string =>
  `At most ${rate(values.reduce((most, value) => Math.max(most, value / 60), now))} in the last hour`

/** What is open, by what it waits for. */
const parts = [
  ["ready", "due", "bg-waiting"],
  ["delayed", "delayed", "bg-done"],
  ["leased", "in hand", "bg-running"],
  ["retrying", "retrying", "bg-retrying"],
  ["parked", "parked", "bg-parked"]
] as const satisfies ReadonlyArray<readonly [keyof Depth, string, string]>

const OpenBar = ({ depths }: { readonly depths: ReadonlyArray<Depth> }) => {
  const sums = parts.map(([key, word, fill]) => ({
    word,
    fill,
    count: depths.reduce((sum, depth) => sum + depth[key], 0)
  }))
  const total = sums.reduce((sum, { count }) => sum + count, 0)
  const text = sums.flatMap(({ count, word }) => (count > 0 ? [`${exact(count)} ${word}`] : [])).join(", ")
  return (
    <div
      role="img"
      aria-label={text === "" ? "Nothing is open" : text}
      title={text}
      className="flex h-full items-center"
    >
      <div className="flex h-2 w-full gap-px overflow-hidden rounded-full bg-hover">
        {total === 0
          ? null
          : sums.map(({ count, fill, word }) =>
              count === 0 ? null : <span key={word} className={`min-w-0.5 ${fill}`} style={{ flexGrow: count }} />
            )}
      </div>
    </div>
  )
}

const useGaveUp = (at: string) => {
  const to = Math.floor(new Date(at).getTime() / hour) * hour + hour
  const span = { from: new Date(to - 24 * hour).toISOString(), to: new Date(to).toISOString() }
  const { data = [] } = useAsk("/statistics", { query: { ...span, step: "hour" } }, { every: 30_000 })
  return filled(data, stepsOf(to - 24 * hour, to, hour, to), ({ gaveUp }) => gaveUp, hour)
}

const Line = ({
  label,
  token,
  values
}: {
  readonly label: string
  readonly token?: string
  readonly values: ReadonlyArray<number>
}) => <Sparkline width={240} height={28} label={label} values={values} {...(token === undefined ? {} : { token })} />

export const Figures = ({ overview }: { readonly overview: Overview }) => {
  const live = useNewer(overview)
  const now = new Date(overview.at).getTime()
  const times = stepsOf(now - hour, now, minute, now)
  const points = overview.rates.flatMap((rates) => rates.points)
  const settledOf = ({ processed, skipped }: (typeof points)[number]) => processed + skipped
  const publishedByMinute = filled(overview.published, times, ({ count }) => count)
  const settledByMinute = filled(points, times, settledOf)
  const at = live === undefined ? now : new Date(live.at).getTime()
  const published = live?.published ?? sumOfTwo(overview.published, now, ({ count }) => count)
  const settled = live?.settled ?? sumOfTwo(points, now, settledOf)
  const depths = useConsumersNow(overview).map(({ depth }) => depth)
  const open = depths.reduce((sum, depth) => sum + openOf(depth), 0)
  const isMore = depths.some((depth) => parts.some(([key]) => depth[key] >= mostCounted))
  const oldest = depths.reduce((most, { oldestMillis }) => Math.max(most, oldestMillis), 0)
  const gaveUp = useGaveUp(overview.at)
  const gaveUpSum = gaveUp.reduce((sum, count) => sum + count, 0)
  const dead = depths.reduce((sum, { deadLetters }) => sum + deadLetters, 0)
  return (
    <section
      aria-label="Figures"
      className="mb-4 grid grid-cols-2 rounded-md border border-line bg-panel lg:grid-cols-4"
    >
      <Figure
        title="Published"
        value={rate(perSecond(published, at))}
        unit="per second"
        href="/events"
        note={mostOf(publishedByMinute, perSecond(published, at))}
      >
        <Line
          label="Events published by minute in the last hour"
          token={states.waiting.token}
          values={publishedByMinute}
        />
      </Figure>
      <Figure
        title="Settled"
        value={rate(perSecond(settled, at))}
        unit="per second"
        href="/consumers"
        note={mostOf(settledByMinute, perSecond(settled, at))}
      >
        <Line label="Deliveries settled by minute in the last hour" values={settledByMinute} />
      </Figure>
      <Figure
        title="Open"
        value={`${short(open)}${isMore ? "+" : ""}`}
        unit="deliveries"
        href="/consumers"
        note={oldest === 0 ? "Nothing waits" : `The oldest has been due for ${duration(oldest)}`}
      >
        <OpenBar depths={depths} />
      </Figure>
      <Figure
        title="Gave up"
        value={short(gaveUpSum)}
        unit="in 24 hours"
        href="/dead-letters"
        note={dead === 0 ? "No dead letters now" : `${short(dead)} ${dead === 1 ? "dead letter" : "dead letters"} now`}
      >
        <Line
          label="Deliveries that gave up by hour in the last day"
          token={states[gaveUpSum === 0 ? "done" : "gave-up"].token}
          values={gaveUp}
        />
      </Figure>
    </section>
  )
}
