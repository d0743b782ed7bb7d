/**
 * `status`: what needs attention, and how consumers are.
 *
 * @internal
 */
import { Effect, Result } from "effect"
import { Admin } from "../../admin/Admin.ts"
import type { Overview } from "../../admin/model/consumers.ts"
import type { Status } from "../../integration/Migrations.ts"
import { connected, targetOf } from "../connect.ts"
import { exitCodes } from "../failures.ts"
import { clean, safeJson } from "../output/clean.ts"
import { failedShare, quantile, sparkline } from "../output/figures.ts"
import { consumerState, openOf, severityState, worstFirst } from "../output/states.ts"
import { bullet, marked, type Surface, styled } from "../output/style.ts"
import { type Cell, cut, heading, table } from "../output/table.ts"
import { atLeast, depthLimit, instant, span } from "../output/words.ts"
import { Call, Session, tell } from "../session.ts"
import { isBehind, migrationsOf, tellStatus } from "./migrations.ts"

/** What `status` takes. */
export interface StatusInput {
  readonly watch: boolean
  /** Milliseconds between two looks. */
  readonly every: number | undefined
}

const defaultEvery = 2000

/** Shares and times are of the hour that the overview has figures of; what is open, and what gave up, is as it is now. */
const columns = [
  { title: "consumer", isFlexible: true },
  { title: "state" },
  { title: "open", isRight: true },
  { title: "oldest", isRight: true },
  { title: "failed 1 h", isRight: true, isOptional: true },
  { title: "p95 1 h", isRight: true, isOptional: true },
  { title: "gave up", isRight: true }
]

const shared = (surface: Surface, overview: Overview) => {
  const rates = new Map(overview.rates.map((rate) => [rate.consumer, rate]))
  return worstFirst(overview.consumers).map((consumer): ReadonlyArray<Cell> => {
    const { deadLetters, oldestMillis } = consumer.depth
    const { state, word } = consumerState(consumer)
    const rate = rates.get(consumer.consumer)
    const failed = rate === undefined ? undefined : failedShare(rate.points)
    const p95 = rate === undefined ? undefined : quantile(rate.duration, 0.95)
    const open = openOf(consumer.depth)
    return [
      consumer.consumer,
      [marked({ ...surface, hasColors: false }, state, word), state],
      atLeast(open, depthLimit),
      open === 0 ? "-" : span(oldestMillis),
      failed === undefined ? "-" : `${failed > 0 && failed < 1 ? "<1" : Math.round(failed)} %`,
      p95 === undefined ? "-" : span(p95),
      [atLeast(deadLetters, depthLimit), deadLetters > 0 ? "gaveUp" : "plain"],
      ...(surface.isTerminal ? [[sparkline(rate?.points ?? [], overview.at), "running"] as const] : [])
    ]
  })
}

const attention = (surface: Surface, overview: Overview): ReadonlyArray<string> =>
  overview.attention.length === 0
    ? []
    : [
        heading(surface, "Needs attention"),
        ...overview.attention.map(
          ({ severity, title }) => `  ${bullet(surface, severityState(severity), clean(title))}`
        ),
        ""
      ]

/** The first look, as text. */
export const overviewText = (surface: Surface, overview: Overview): string => {
  const titles = surface.isTerminal ? [...columns, { title: "last hour", isOptional: true }] : columns
  const consumers =
    overview.consumers.length === 0
      ? "No consumers yet: no process has subscribed to an event."
      : table(surface, titles, shared(surface, overview))
  const title = `effect-integration ${clean(overview.version)}, ${overview.store}, ${instant(overview.at)}`
  return [styled(surface, "dim", title), "", ...attention(surface, overview), consumers].join("\n")
}

interface Seen {
  readonly migrations: Status | null
  readonly overview: Overview
}

const look = (migrations: Status | undefined) =>
  Effect.gen(function* () {
    const { overview } = yield* Admin
    const seen: Seen = { migrations: migrations ?? null, overview: yield* overview }
    return seen
  })

/** Writes over what was shown before; what does not fit is cut off. */
const redraw = (surface: Surface, text: string) => {
  const lines = text.split("\n").slice(0, Math.max(1, surface.rows - 1))
  return `\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`
}

/** What watching shows, look after look. */
const display = Effect.gen(function* () {
  const [{ surface, write, writeError }, { json }] = [yield* Session, yield* Call]
  const isRedrawn = surface().isTerminal && !json
  const texts = (overview: Overview, problem: string | undefined) => {
    const { columns } = surface()
    const trouble = problem === undefined ? "" : `\n\n${bullet(surface(), "gaveUp", cut(clean(problem), columns - 2))}`
    return overviewText(surface(), overview) + trouble
  }
  if (isRedrawn) {
    write("\u001b[?25l\u001b[2J")
    yield* Effect.addFinalizer(() => Effect.sync(() => write("\u001b[?25h")))
  }
  return {
    show: (seen: Seen) => {
      if (json) write(`${safeJson(seen, 0)}\n`)
      else
        write(isRedrawn ? redraw(surface(), texts(seen.overview, undefined)) : `${texts(seen.overview, undefined)}\n\n`)
    },
    /** The last figures stay as long as there are no others. */
    trouble: ({ overview }: Seen, problem: string) => {
      if (isRedrawn) write(redraw(surface(), texts(overview, problem)))
      else writeError(`${clean(problem)}\n`)
    }
  }
})

const watch = Effect.fnUntraced(function* (migrations: Status | undefined, every: number) {
  const { show, trouble } = yield* display
  let last = yield* look(migrations)
  show(last)
  for (;;) {
    yield* Effect.sleep(every)
    const next = yield* Effect.result(look(migrations))
    if (Result.isFailure(next)) {
      trouble(last, next.failure.message)
    } else {
      last = next.success
      show(last)
    }
  }
}, Effect.scoped)

/** Shows the first look: once, or until it is interrupted. */
export const status = Effect.fnUntraced(function* (input: StatusInput) {
  const target = yield* targetOf(yield* Call)
  const migrations = target.kind === "database" ? yield* migrationsOf(target) : undefined
  if (migrations !== undefined && isBehind(migrations)) {
    yield* tellStatus(migrations, { migrations, overview: null })
    return exitCodes.found
  }
  const answered = input.watch
    ? watch(migrations, input.every ?? defaultEvery)
    : Effect.flatMap(look(migrations), (seen) => tell(seen, (surface) => overviewText(surface, seen.overview)))
  yield* Effect.provide(answered, connected)
  return exitCodes.done
})
