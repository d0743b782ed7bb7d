/**
 * Endpoints that only read.
 *
 * @internal
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { pageOf, spanFields, Text } from "../model/common.ts"
import { ConsumerDetails, ConsumerSummary, Contract, LiveFigures, Overview, Replica } from "../model/consumers.ts"
import { Diagnosis } from "../model/diagnosis.ts"
import { EntityQuery, Life, Link, LinkGraph } from "../model/entities.ts"
import { EventDetails, EventPage, EventQuery, LineageTree, ReceivedPayload, ReceivedQuery } from "../model/events.ts"
import { AuditEntry, AuditQuery } from "../model/operations.ts"
import { ConsumerRate, Flow, Gauge, SeriesRequest, StatisticPoint } from "../model/statistics.ts"
import { problem, problems } from "./endpoints.ts"

const id = { id: Text }

/** Each as JSON. */
const figures = HttpApiSchema.StreamSse({ data: Schema.toCodecJson(LiveFigures), error: Schema.toCodecJson(problem) })

/** @internal */
export const overview = HttpApiGroup.make("overview", { topLevel: true }).add(
  HttpApiEndpoint.get("overview", "/overview", { success: Overview, error: problems }),
  HttpApiEndpoint.get("live", "/live", { success: figures, error: problems }),
  HttpApiEndpoint.get("contracts", "/contracts", { success: Schema.Array(Contract), error: problems }),
  HttpApiEndpoint.get("replicas", "/replicas", { success: Schema.Array(Replica), error: problems }),
  HttpApiEndpoint.get("audit", "/audit", { query: AuditQuery.fields, success: pageOf(AuditEntry), error: problems }),
  HttpApiEndpoint.get("doctor", "/doctor", { success: Diagnosis, error: problems })
)

/** @internal */
export const statistics = HttpApiGroup.make("statistics").add(
  HttpApiEndpoint.get("series", "/statistics", {
    query: SeriesRequest.fields,
    success: Schema.Array(StatisticPoint),
    error: problems
  }),
  HttpApiEndpoint.get("consumers", "/statistics/consumers", {
    query: spanFields,
    success: Schema.Array(ConsumerRate),
    error: problems
  }),
  HttpApiEndpoint.get("flows", "/map", { query: spanFields, success: Schema.Array(Flow), error: problems }),
  HttpApiEndpoint.get("gauges", "/statistics/gauges", {
    query: { ...spanFields, consumer: Text },
    success: Schema.Array(Gauge),
    error: problems
  })
)

/** What an event led to is looked for up to ten years after it. */
const mostMinutes = 5_256_000

/** @internal */
export const events = HttpApiGroup.make("events").add(
  HttpApiEndpoint.get("find", "/events", { query: EventQuery.fields, success: EventPage, error: problems }),
  HttpApiEndpoint.get("get", "/events/:id", { params: id, success: EventDetails, error: problems }),
  HttpApiEndpoint.get("received", "/events/:id/received", {
    params: id,
    query: ReceivedQuery.fields,
    success: ReceivedPayload,
    error: problems
  }),
  HttpApiEndpoint.get("lineage", "/events/:id/lineage", {
    params: id,
    query: {
      limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
      minutes: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: mostMinutes })))
    },
    success: LineageTree,
    error: problems
  })
)

/** @internal */
export const links = HttpApiGroup.make("links").add(
  HttpApiEndpoint.get("list", "/links", { query: EntityQuery.fields, success: pageOf(Link), error: problems }),
  HttpApiEndpoint.get("graph", "/links/graph", { query: EntityQuery.fields, success: LinkGraph, error: problems }),
  HttpApiEndpoint.get("life", "/links/life", { query: EntityQuery.fields, success: Life, error: problems })
)

/** Names of consumers hold characters that paths do not. */
export const consumerParams = { consumer: Text }

/** @internal */
export const consumersRead = [
  HttpApiEndpoint.get("list", "/consumers", { success: Schema.Array(ConsumerSummary), error: problems }),
  HttpApiEndpoint.get("get", "/consumers/:consumer", {
    params: consumerParams,
    success: ConsumerDetails,
    error: problems
  })
] as const
