/**
 * Metrics of this package: what there is, and how it is called where.
 *
 * They are in effect's registry, from which `OtlpMetrics` and `PrometheusMetrics` read. Nothing has to be switched on.
 *
 * @since 0.1.0
 */
import { type MetricDefinition, metricTable } from "./metricTable.ts"

/** One metric. @since 0.1.0 */
export type { MetricDefinition } from "./metricTable.ts"

/** All metrics that this package has, by the names that OTLP sends. @since 0.1.0 */
export const metrics: ReadonlyArray<MetricDefinition> = Object.values(metricTable)

const byName = new Map(metrics.map((metric) => [metric.name, metric]))

/**
 * The name of a metric as a collector makes it of what OTLP sends: with unit, and `_total` for counters
 * (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/). For `PrometheusMetrics.layerHttp({
 * metricNameMapper: Telemetry.prometheusName })`, which by itself adds neither, so that the same rules fit both. Names of others
 * are left as they are.
 *
 * @since 0.1.0
 */
export const prometheusName = (name: string): string => {
  const metric = byName.get(name)
  if (metric === undefined) return name
  const unit = metric.unit === "s" ? "_seconds" : ""
  return `${name.replaceAll(".", "_")}${unit}${metric.kind === "counter" ? "_total" : ""}`
}
