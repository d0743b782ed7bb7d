/**
 * Whether this process is well, for whoever starts and stops processes; and its figures, for whoever draws them.
 *
 * @internal
 */
import { Cache, Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { prometheusName } from "../../telemetry/Telemetry.ts"
import type { AdminService } from "../adminService.ts"
import type { HealthReport } from "../model/diagnosis.ts"
import type { HealthSource } from "./options.ts"

const reportOf = (id: string, isHealthy: boolean, detail: string): HealthReport => ({
  isHealthy,
  reasons: [{ id, isHealthy, detail }]
})

const answerOf = (report: HealthReport) =>
  HttpServerResponse.jsonUnsafe(report, { status: report.isHealthy ? 200 : 503 })

/** Whether it could be told; what fails is not well. */
const told = (report: Effect.Effect<HealthReport>) =>
  Effect.catchCause(report, () => Effect.succeed(reportOf("health", false, "It could not be found out.")))

const maxLagOf = (path: string): number | undefined => {
  const given = new URL(path, "http://localhost").searchParams.get("maxLagMillis")
  return given !== null && /^\d{1,12}$/.test(given) ? Number(given) : undefined
}

/**
 * The same as another limit has it, and without names of consumers: anybody may ask. A source that does not say how long it is has said
 * whether that is too long, for the limit that was asked for first within the second.
 */
const within = (report: HealthReport, maxLag: number): HealthReport => {
  const reasons = report.reasons.map((reason) => {
    if (reason.id !== "lag") return reason
    if (reason.lagMillis === undefined)
      return { ...reason, detail: "For how long deliveries have been due is not said." }
    const isHealthy = reason.lagMillis <= maxLag
    const detail = isHealthy ? "No delivery has been due for longer." : "A delivery has been due for longer."
    return { ...reason, isHealthy, detail }
  })
  return { isHealthy: reasons.every(({ isHealthy }) => isHealthy), reasons }
}

/** Answers of `/health/live` and `/health/ready`: anybody may ask, so the database is asked once a second at most. */
export const makeHealth = Effect.fnUntraced(function* (admin: AdminService, given: HealthSource | undefined) {
  const source = given ?? admin.health
  let asked: number | undefined
  // Two answers at most: with the lag, whatever the limit, and without it.
  const ready = yield* Cache.make({
    capacity: 2,
    timeToLive: "1 second",
    lookup: (withLag: boolean) =>
      Effect.suspend(() => told(source.ready(withLag && asked !== undefined ? { maxLagMillis: asked } : {})))
  })
  const readyWithin = (maxLag: number) => {
    asked = maxLag
    return Effect.map(Cache.get(ready, true), (report) => within(report, maxLag))
  }
  return (path: string) => {
    if (path.startsWith("/health/live")) return Effect.map(told(source.live), answerOf)
    const maxLag = maxLagOf(path)
    return Effect.map(maxLag === undefined ? Cache.get(ready, false) : readyWithin(maxLag), answerOf)
  }
})

/** The answer of `/metrics`, as Prometheus reads it. */
export const metrics = Effect.map(PrometheusMetrics.format({ metricNameMapper: prometheusName }), (text) =>
  HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
)
