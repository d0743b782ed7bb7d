/** What it costs to tell tracers: the empty drain without a tracer, and with an exporter that sends to a collector over HTTP. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { isMainThread, parentPort, Worker } from "node:worker_threads"
import { Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import type { Bench, Run } from "./harness/model.ts"
import * as Here from "./here.ts"

/** A collector that reads what it is sent, on a thread of its own. */
const startCollector = async () => {
  const worker = new Worker(fileURLToPath(import.meta.url))
  const port = await new Promise<number>((resolve) => worker.once("message", resolve))
  return { url: `http://127.0.0.1:${port}/v1/traces`, stop: () => worker.terminate() }
}

if (!isMainThread) {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end("{}"))
  })
  server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as AddressInfo).port))
}

/** The drain of nothing where this share of what is published is traced; beside a collector in any case, which takes its own. */
const traced = (ratio: number | undefined) => async (run: Run) => {
  const collector = await startCollector()
  const tracer = OtlpTracer.layer({ url: collector.url, resource: { serviceName: "bench" } }).pipe(
    Layer.provide(OtlpSerialization.layerJson),
    Layer.provide(FetchHttpClient.layer)
  )
  const options = ratio === undefined ? {} : { integration: { traceSampleRatio: ratio }, beneath: tracer }
  await Here.prepare(run, 1, undefined, options)
  const measured = await Here.drain(run, "nothing", options)
  await collector.stop()
  return measured
}

export default {
  title: "telemetry: drain, handler does nothing",
  size: { short: 20_000, long: 20_000 },
  relativeTo: "here, no tracer",
  sides: [
    { name: "here, no tracer", role: "here", measure: traced(undefined) },
    { name: "here, traces of none", role: "here", measure: traced(0) },
    { name: "here, traces of 5 %", role: "here", measure: traced(0.05) },
    { name: "here, traces of all", role: "here", measure: traced(1) }
  ]
} satisfies Bench
