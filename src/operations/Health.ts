/**
 * Whether this process should be restarted (`live`), and whether it can work (`ready`), with reasons that hold no secrets.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer } from "effect"
import type { Liveness } from "../delivery/Liveness.ts"
import { Processor } from "../delivery/Processor.ts"
import { InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { Settings } from "../settings/Settings.ts"
import { DiagnosisStore } from "../stores/DiagnosisStore.ts"
import { silentMillis } from "./doctor/deliveryChecks.ts"
import { ended } from "./doctor/processChecks.ts"
import { ageText, countText } from "./doctor/words.ts"

/** One of the things that health is made of. @since 0.1.0 */
export interface HealthReason {
  /** Stable, in kebab-case. */
  readonly id: string
  readonly isHealthy: boolean
  readonly detail: string
  /** Of `lag`: for how long the oldest delivery of the consumers served here has been due, in milliseconds. */
  readonly lagMillis?: number
}

/** @since 0.1.0 */
export interface HealthReport {
  /** All reasons are. */
  readonly isHealthy: boolean
  readonly reasons: ReadonlyArray<HealthReason>
}

/** @since 0.1.0 */
export interface ReadyOptions {
  /**
   * For how long the oldest delivery of the consumers served here may have been due, in milliseconds, at least 0. Default: it is not
   * looked at, as work that waits is no reason to send requests elsewhere.
   */
  readonly maxLagMillis?: number
}

const reportOf = (reasons: ReadonlyArray<HealthReason>): HealthReport => ({
  isHealthy: reasons.every(({ isHealthy }) => isHealthy),
  reasons
})

/** For how long the event loop is watched, and how late it may be, in milliseconds. */
const loop = { watched: 20, late: 1000 }

/** By a timer of the process, whatever clock effects have. */
const loopDelay = Effect.callback<number>((resume) => {
  const began = performance.now()
  const timer = setTimeout(() => resume(Effect.succeed(performance.now() - began - loop.watched)), loop.watched)
  return Effect.sync(() => clearTimeout(timer))
})

const live = Effect.map(loopDelay, (millis) => {
  const isHealthy = millis < loop.late
  const late = ageText(Math.max(0, millis))
  return reportOf([
    {
      id: "event-loop",
      isHealthy,
      detail: isHealthy ? "It turns." : `It was late by ${late}: code of this process holds it up.`
    }
  ])
})

/** How long the store may take to answer. */
const answerTimeout = "1 second"

/** Whether the store answers, and its tables fit. What drivers say may name hosts and roles, so it is left out. */
const ofStore = (store: DiagnosisStore["Service"]): Effect.Effect<ReadonlyArray<HealthReason>> => {
  const id = "store"
  const answers = { id, isHealthy: true, detail: "It answers." }
  const silent = [{ id, isHealthy: false, detail: `It did not answer within ${answerTimeout}.` }]
  return store.version.pipe(
    Effect.map(({ found, needed, problem }) => {
      const detail = problem ?? `The tables are at version ${found}, and ${needed} is needed.`
      return [answers, { id: "schema", isHealthy: problem === null, detail }]
    }),
    Effect.catchTag("NotDiagnosable", () => Effect.succeed([answers])),
    Effect.catchCause(() => Effect.succeed([{ id, isHealthy: false, detail: "It refused, or could not be reached." }])),
    Effect.timeoutOrElse({ duration: answerTimeout, orElse: () => Effect.succeed(silent) })
  )
}

const ofProcess = (liveness: Liveness, silent: number): ReadonlyArray<HealthReason> => {
  const words = ended(liveness, silent)
  const { ending, isStopping, starting, workers } = liveness
  const running = workers.reduce((sum, { alive }) => sum + alive, 0)
  const drained = starting === 0
  const isEnding = isStopping || ending > 0
  return [
    {
      id: "delivery",
      isHealthy: words.length === 0,
      detail: words.length === 0 ? `The poller and ${countText(running, "worker")} run.` : words.join(" ")
    },
    { id: "startup", isHealthy: drained, detail: drained ? "It is over." : "What was due at the start is drained." },
    {
      id: "shutdown",
      isHealthy: !isEnding,
      detail: isEnding ? "Handlers that run are waited for." : "None is under way."
    }
  ]
}

const ofLag = (store: DiagnosisStore["Service"], served: ReadonlyArray<string>, maxLagMillis: number) =>
  store.consumers.pipe(
    Effect.map((all): HealthReason => {
      const ours = all.filter(({ consumer, pausedMillis }) => served.includes(consumer) && pausedMillis === null)
      const [latest] = ours.toSorted((a, b) => b.oldestMillis - a.oldestMillis)
      const lagMillis = latest?.oldestMillis ?? 0
      const isHealthy = lagMillis <= maxLagMillis
      const detail = isHealthy
        ? `No delivery has been due for more than ${ageText(maxLagMillis)}.`
        : `The oldest delivery of consumer "${latest?.consumer}" has been due for ${ageText(lagMillis)}.`
      return { id: "lag", isHealthy, detail, lagMillis }
    }),
    Effect.catchCause(() =>
      Effect.succeed<HealthReason>({ id: "lag", isHealthy: false, detail: "The store did not say." })
    )
  )

const checked = (options: ReadyOptions) => {
  const unknown = unknownOption("Health.ready", options, ["maxLagMillis"])
  if (unknown !== undefined) return Effect.fail(unknown)
  const { maxLagMillis = 0 } = options
  return Number.isFinite(maxLagMillis) && maxLagMillis >= 0
    ? Effect.succeed(options)
    : Effect.fail(
        new InvalidOption({
          option: "maxLagMillis of Health.ready",
          value: String(maxLagMillis),
          expected: "a number of milliseconds, at least 0"
        })
      )
}

/**
 * The health of this process.
 *
 * @since 0.1.0
 */
export class Health extends Context.Service<
  Health,
  {
    /** Whether the event loop turns: what answers no more is to be restarted. The store is not asked, as a restart would not mend it. */
    readonly live: Effect.Effect<HealthReport>
    /**
     * Whether this process can work: its store answers within a second and fits, its poller and workers run, what was due at its start is
     * drained, and it does not end.
     *
     * @param options.maxLagMillis - also for how long a delivery may have been due; default: that is not looked at
     *
     * Fails with `InvalidOption` and `UnsupportedOption`; what is not healthy is no failure.
     */
    readonly ready: (options?: ReadyOptions) => Effect.Effect<HealthReport, InvalidOption | UnsupportedOption>
  }
>()("effect-integration/Health") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<Health, never, DiagnosisStore | Processor | Settings> = Layer.effect(
    Health,
    Effect.gen(function* () {
      const store = yield* DiagnosisStore
      const processor = yield* Processor
      const settings = yield* Settings
      return Health.of({
        live,
        ready: (options = {}) =>
          Effect.gen(function* () {
            const { maxLagMillis } = yield* checked(options)
            const liveness = yield* processor.liveness
            const reasons = [...(yield* ofStore(store)), ...ofProcess(liveness, silentMillis(yield* settings.current))]
            if (maxLagMillis === undefined || reasons.some(({ id, isHealthy }) => id === "store" && !isHealthy)) {
              return reportOf(reasons)
            }
            const served = liveness.workers.map(({ consumer }) => consumer)
            return reportOf([...reasons, yield* ofLag(store, served, maxLagMillis)])
          })
      })
    })
  )
}
