/**
 * Writes what was counted, ten seconds after there is something, and counts what there is to do. When nothing happens and nothing
 * is open, nothing is written, and no timer runs.
 *
 * @internal
 */
import { Effect, Queue, type Scope, Semaphore } from "effect"
import type { StatisticSums } from "../../stores/statisticSums.ts"
import { withStatementTimeout } from "../../stores/unresponsive.ts"
import { type Engine, untraced } from "../engine.ts"

/** How long what is counted waits to be written, in milliseconds. */
export const flushMillis = 10_000

/** What there is to do is counted once a minute, and takes at most so much of the time. */
const gaugeMillis = 60_000
const gaugeShare = 0.01

/** When it is counted first after a start, in milliseconds. */
const firstGaugeMillis = 20_000

/** How often what is old is folded, while something happens. */
const foldMillis = 600_000

/** Rows that one statement folds, and one that writes takes. */
const window = 1000

/** Others get their turn between two statements. */
const breath = "20 millis"

/** Statements of one fold: what is left comes with the next. */
const maxFolds = 100

/** How long the last write may take when the process ends. */
const lastWrite = "2 seconds"

/** Writes all there is; what cannot be written is kept. Says so once, until it can be written again. */
const makeFlush = (engine: Engine, sums: StatisticSums) => {
  let isFailing = false
  const add = (rows: ReturnType<StatisticSums["take"]>) =>
    withStatementTimeout(engine, "statistics.add", untraced(engine.statistics.add(rows)))
  return Effect.suspend(() => {
    let rows = sums.take()
    const writeNext: Effect.Effect<void, Effect.Error<ReturnType<typeof add>>> = Effect.suspend(() => {
      if (rows.length === 0) return Effect.void
      return Effect.andThen(
        add(rows.slice(0, window)),
        Effect.suspend(() => {
          rows = rows.slice(window)
          isFailing = false
          return writeNext
        })
      )
    })
    return writeNext.pipe(
      Effect.onError(() =>
        Effect.sync(() => {
          sums.putBack(rows)
        })
      ),
      Effect.catchCause((cause) => {
        const isFirst = !isFailing
        isFailing = true
        return isFirst
          ? Effect.logWarning(
              "Statistics could not be written, and are kept for the next time. Events are not affected.",
              cause
            )
          : Effect.void
      })
    )
  })
}

/** Folds what is old, in steps. */
const foldAll = (engine: Engine) =>
  Effect.gen(function* () {
    for (let count = 0; count < maxFolds; count++) {
      const fold = untraced(engine.statistics.fold(window))
      if (!(yield* withStatementTimeout(engine, "statistics.fold", fold))) return
      yield* Effect.sleep(breath)
    }
  })

/** When something is to be done the next time, in milliseconds of `Engine.now`; undefined: not as far as is known. */
interface Plan {
  gauge: number | undefined
  /** When it was counted last, and how long that took. */
  gaugedAt: number
  gaugeTook: number
  fold: number
}

const nextGauge = ({ gaugeTook, gaugedAt }: Plan) => gaugedAt + Math.max(gaugeMillis, gaugeTook / gaugeShare)

const gaugeNow = Effect.fnUntraced(function* (engine: Engine, plan: Plan) {
  const begun = yield* engine.now
  const look = untraced(engine.statistics.gauge(plan.gaugeTook / gaugeShare))
  const { isOpen, isOurs } = yield* withStatementTimeout(engine, "statistics.gauge", look)
  const now = yield* engine.now
  if (isOurs) plan.gaugeTook = now - begun
  plan.gaugedAt = now
  plan.gauge = isOpen ? nextGauge(plan) : undefined
})

/** Figures are not worth an incident: what failed is tried again later. */
const orLater = (name: string, effect: Effect.Effect<void, unknown>, later: () => void) =>
  Effect.catchCause(effect, (cause) =>
    Effect.andThen(Effect.sync(later), Effect.logDebug(`Statistics: ${name} failed, and is tried again`, cause))
  )

const foldSometimes = Effect.fnUntraced(function* (engine: Engine, plan: Plan) {
  const now = yield* engine.now
  if (now < plan.fold) return
  plan.fold = now + foldMillis
  yield* orLater("folding", foldAll(engine), () => {})
})

const run = (engine: Engine, touched: Queue.Dequeue<void>, flush: Effect.Effect<void>, sums: StatisticSums) =>
  Effect.gen(function* () {
    const startedAt = yield* engine.now
    const plan: Plan = {
      // Something may wait from before that nobody handles.
      gauge: startedAt + firstGaugeMillis,
      gaugedAt: Number.NEGATIVE_INFINITY,
      gaugeTook: 0,
      fold: Number.NEGATIVE_INFINITY
    }
    for (;;) {
      const wait = plan.gauge === undefined ? undefined : Math.max(0, plan.gauge - (yield* engine.now))
      if (sums.isEmpty)
        yield* wait === undefined ? Queue.take(touched) : Effect.timeoutOption(Queue.take(touched), wait)
      if (!sums.isEmpty) {
        yield* Effect.sleep(flushMillis)
        yield* flush
        // What has happened changes what there is to do.
        plan.gauge ??= nextGauge(plan)
        yield* foldSometimes(engine, plan)
      }
      const now = yield* engine.now
      if (plan.gauge !== undefined && plan.gauge <= now) {
        yield* orLater("counting", gaugeNow(engine, plan), () => {
          plan.gauge = now + gaugeMillis
        })
      }
    }
  })

/** Has statistics written for as long as the scope lives, and what is left at its end. */
export const make = (engine: Engine): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { sums } = engine
    if (sums === undefined) return
    const touched = yield* Queue.sliding<void>(1)
    const turn = yield* Semaphore.make(1)
    const flush = turn.withPermit(untraced(makeFlush(engine, sums)))
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        sums.whenTouched = () => {
          Queue.offerUnsafe(touched, undefined)
        }
        sums.write = Effect.suspend(() => (sums.isEmpty ? Effect.void : flush))
      }),
      () =>
        Effect.andThen(
          Effect.timeoutOption(sums.write, lastWrite),
          Effect.sync(() => {
            sums.whenTouched = () => {}
            sums.write = Effect.void
          })
        )
    )
    yield* run(engine, touched, flush, sums).pipe(Effect.annotateLogs({ fiber: "statistics" }), Effect.forkScoped)
  })
