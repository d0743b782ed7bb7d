/**
 * The doctor: looks for what is wrong, or will be, and says what mends it.
 *
 * Nothing runs by itself: only when somebody asks. Each check is bounded and takes one connection of the pool at most; one that fails, or
 * may not look, is reported, and the others go on. docs/doctor.md lists what can be found.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, Layer } from "effect"
import { Processor } from "../delivery/Processor.ts"
import { Settings } from "../settings/Settings.ts"
import { DiagnosisStore, type Look } from "../stores/DiagnosisStore.ts"
import { SqlCapabilities } from "../stores/SqlCapabilities.ts"
import { type Check, type CheckReport, examine } from "./doctor/check.ts"
import { databaseChecks } from "./doctor/databaseChecks.ts"
import { deliveryChecks } from "./doctor/deliveryChecks.ts"
import { bySeverity, type Finding, found } from "./doctor/findings.ts"
import { DoctorLimits } from "./doctor/limits.ts"
import { processChecks } from "./doctor/processChecks.ts"

export type { Check, CheckReport, Partly } from "./doctor/check.ts"
export { type Finding, type KindOfFinding, kinds } from "./doctor/findings.ts"
export { DoctorLimits, defaultLimits, type Limits } from "./doctor/limits.ts"

/** What the doctor found, and what it looked at. @since 0.1.0 */
export interface DoctorReport {
  readonly at: Date
  /** Errors first. */
  readonly findings: ReadonlyArray<Finding>
  readonly checks: ReadonlyArray<CheckReport>
}

/**
 * Checks of others, which run with those of the doctor: of an application, or of what is served over HTTP. Given where the layer is built,
 * where `Doctor.run` is called, or both.
 *
 * @since 0.1.0
 */
export const DoctorChecks: Context.Reference<ReadonlyArray<Check>> = Context.Reference<ReadonlyArray<Check>>(
  "effect-integration/DoctorChecks",
  { defaultValue: () => [] }
)

/** Looks that several checks go by are made once for all of them. */
const onceForAll = Effect.fnUntraced(function* (store: DiagnosisStore["Service"]) {
  return {
    ...store,
    version: yield* Effect.cached(store.version),
    tables: yield* Effect.cached(store.tables),
    consumers: yield* Effect.cached(store.consumers)
  }
})

/** How long the database may take to show that it is there. */
const reachTimeout = "2 seconds"

/**
 * Why the database cannot be asked; undefined when it can, if only through the pool: a server that takes no writes keeps no connection of
 * this process's own. What drivers say may name hosts and roles, so it is left out.
 */
const unreachable = (store: DiagnosisStore["Service"]): Effect.Effect<string | undefined> => {
  const problemOf = <A>(look: Look<A>): Effect.Effect<string | undefined> =>
    look.pipe(
      Effect.as(undefined),
      Effect.catchTag("NotDiagnosable", () => Effect.succeed(undefined)),
      Effect.catchCause(() => Effect.succeed("It refused, or could not be reached.")),
      Effect.timeoutOrElse({
        duration: reachTimeout,
        orElse: () => Effect.succeed("It did not answer within two seconds.")
      })
    )
  return Effect.flatMap(problemOf(store.version), (problem) =>
    problem === undefined ? Effect.succeed(problem) : problemOf(store.server)
  )
}

const away = ({ id, title }: Check): CheckReport => ({
  id,
  title,
  outcome: "skipped",
  why: "The database does not answer.",
  millis: 0
})

/**
 * Looks for what is wrong.
 *
 * @since 0.1.0
 */
export class Doctor extends Context.Service<
  Doctor,
  {
    /** Runs all checks, one after the other. It does not fail: what could not be looked at is in the report. */
    readonly run: Effect.Effect<DoctorReport>
  }
>()("effect-integration/Doctor") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<Doctor, never, DiagnosisStore | Processor | Settings> = Layer.effect(
    Doctor,
    Effect.gen(function* () {
      const store = yield* DiagnosisStore
      const processor = yield* Processor
      const settings = yield* Settings
      const { singleSession } = yield* SqlCapabilities
      const given = yield* DoctorChecks
      const run = Effect.gen(function* () {
        const looks = yield* onceForAll(store)
        const at = new Date(yield* Clock.currentTimeMillis)
        const limits = yield* DoctorLimits
        const ofStore = [
          ...databaseChecks(looks, settings, limits, singleSession),
          ...deliveryChecks(looks, processor, settings, limits)
        ]
        const others = [
          ...processChecks(processor, settings, singleSession),
          ...new Set([...given, ...(yield* DoctorChecks)])
        ]
        const problem = yield* unreachable(looks)
        const asked = problem === undefined ? [...ofStore, ...others] : others
        const examined = yield* Effect.forEach(asked, examine)
        const findings = examined.flatMap((each) => each.findings)
        return {
          at,
          findings: (problem === undefined
            ? findings
            : [found("database-unreachable", { detail: problem }), ...findings]
          ).toSorted(bySeverity),
          checks: [...(problem === undefined ? [] : ofStore.map(away)), ...examined.map(({ report }) => report)]
        } satisfies DoctorReport
      })
      return Doctor.of({ run: Effect.withSpan(run, "Doctor.run") })
    })
  )
}
