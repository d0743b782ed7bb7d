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

/** Answers of `/health/live` and `/health/ready`: anybody may ask, so the database is asked once a second at most. */
export const makeHealth = Effect.fnUntraced(function* (admin: AdminService, given: HealthSource | undefined) {
  const source = given ?? admin.health
  const ready = yield* Cache.make({
    capacity: 8,
    timeToLive: "1 second",
    lookup: (maxLag: number | undefined) => told(source.ready(maxLag === undefined ? {} : { maxLagMillis: maxLag }))
  })
  return (path: string) =>
    Effect.map(path.startsWith("/health/live") ? told(source.live) : Cache.get(ready, maxLagOf(path)), answerOf)
})

/** The answer of `/metrics`, as Prometheus reads it. */
export const metrics = Effect.map(PrometheusMetrics.format({ metricNameMapper: prometheusName }), (text) =>
  HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
)
