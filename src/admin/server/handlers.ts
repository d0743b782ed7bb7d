/**
 * Endpoints of the HTTP API, answered by `Admin`; those of sessions are apart.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Admin } from "../Admin.ts"
import { Api } from "../api/api.ts"
import { Watch } from "./current.ts"

const overview = HttpApiBuilder.group(Api, "overview", (handlers) =>
  Effect.map(Effect.all([Admin, Watch]), ([admin, watch]) =>
    handlers
      .handle("overview", () => admin.overview)
      .handle("live", () => watch.open)
      .handle("contracts", () => admin.contracts)
      .handle("replicas", () => admin.replicas)
      .handle("audit", ({ query }) => admin.audit(query))
      .handle("doctor", () => admin.doctor)
  )
)

const statistics = HttpApiBuilder.group(Api, "statistics", (handlers) =>
  Effect.map(Admin, ({ statistics }) =>
    handlers
      .handle("series", ({ query }) => statistics.series(query))
      .handle("consumers", ({ query }) => statistics.consumers(query))
      .handle("flows", ({ query }) => statistics.flows(query))
      .handle("gauges", ({ query }) => statistics.gauges(query))
  )
)

const events = HttpApiBuilder.group(Api, "events", (handlers) =>
  Effect.map(Admin, ({ events }) =>
    handlers
      .handle("find", ({ query }) => events.find(query))
      .handle("get", ({ params }) => events.get(params.id))
      .handle("received", ({ params, query }) => events.received(params.id, query))
      .handle("lineage", ({ params, query }) => events.lineage(params.id, query))
  )
)

const errorGroups = HttpApiBuilder.group(Api, "errorGroups", (handlers) =>
  Effect.map(Admin, ({ errorGroups }) =>
    handlers
      .handle("list", ({ query }) => errorGroups.list(query))
      .handle("get", ({ params }) => errorGroups.get(params.id))
      .handle("change", ({ params, payload }) => errorGroups.change(params.id, payload))
  )
)

const deadLetters = HttpApiBuilder.group(Api, "deadLetters", (handlers) =>
  Effect.map(Admin, ({ deadLetters }) =>
    handlers
      .handle("list", ({ query }) => deadLetters.list(query))
      .handle("get", ({ params }) => deadLetters.get(params.id))
      .handle("requeue", ({ params, payload }) => deadLetters.requeue(params.id, payload))
      .handle("check", ({ params, payload }) => deadLetters.check(params.id, payload))
      .handle("edit", ({ params, payload }) => deadLetters.edit(params.id, payload))
      .handle("discard", ({ params, payload }) => deadLetters.discard(params.id, payload))
  )
)

const operations = HttpApiBuilder.group(Api, "operations", (handlers) =>
  Effect.map(Admin, ({ operations }) =>
    handlers
      .handle("list", ({ query }) => operations.list(query))
      .handle("preview", ({ payload }) => operations.preview(payload))
      .handle("get", ({ params }) => operations.get(params.id))
      .handle("start", ({ payload }) => operations.start(payload))
      .handle("stop", ({ params, payload }) => operations.stop(params.id, payload))
  )
)

const consumers = HttpApiBuilder.group(Api, "consumers", (handlers) =>
  Effect.map(Admin, ({ consumers }) =>
    handlers
      .handle("list", () => consumers.list)
      .handle("get", ({ params }) => consumers.get(params.consumer))
      .handle("pause", ({ params, payload }) => consumers.pause(params.consumer, payload))
      .handle("resume", ({ params, payload }) => consumers.resume(params.consumer, payload))
      .handle("retire", ({ params, payload }) => consumers.retire(params.consumer, payload))
  )
)

const links = HttpApiBuilder.group(Api, "links", (handlers) =>
  Effect.map(Admin, ({ links }) =>
    handlers
      .handle("list", ({ query }) => links.list(query))
      .handle("graph", ({ query }) => links.graph(query))
      .handle("life", ({ query }) => links.life(query))
  )
)

const settings = HttpApiBuilder.group(Api, "settings", (handlers) =>
  Effect.map(Admin, ({ settings }) =>
    handlers
      .handle("list", () => settings.list)
      .handle("put", ({ params, payload }) => settings.put(params.key, payload))
      .handle("history", ({ params }) => settings.history(params.key))
  )
)

/** Answers to all endpoints but those of sessions. @internal */
export const handlers = Layer.mergeAll(
  overview,
  statistics,
  events,
  errorGroups,
  deadLetters,
  operations,
  consumers,
  links,
  settings
)
