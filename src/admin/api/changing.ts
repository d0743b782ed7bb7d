/**
 * Endpoints of what can be changed.
 *
 * @internal
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { pageOf, Text } from "../model/common.ts"
import {
  ConsumerSummary,
  Reason,
  RetireRequest,
  RetireResult,
  Setting,
  SettingChange,
  SettingPut
} from "../model/consumers.ts"
import {
  DeadLetter,
  DeadLetterDetails,
  DeadLetterQuery,
  ErrorGroup,
  ErrorGroupChange,
  ErrorGroupDetails,
  ErrorGroupQuery,
  ListedErrorGroup,
  PayloadEdit,
  PayloadVerdict
} from "../model/deadLetters.ts"
import { Operation, OperationPreview, OperationQuery, OperationRequest } from "../model/operations.ts"
import { problems } from "./endpoints.ts"
import { consumerParams, consumersRead } from "./reading.ts"

const id = { id: Text }

const Affected = Schema.Struct({ affected: Schema.Int }).annotate({ identifier: "Affected" })

/** @internal */
export const errorGroups = HttpApiGroup.make("errorGroups").add(
  HttpApiEndpoint.get("list", "/error-groups", {
    query: ErrorGroupQuery.fields,
    success: pageOf(ListedErrorGroup),
    error: problems
  }),
  HttpApiEndpoint.get("get", "/error-groups/:id", { params: id, success: ErrorGroupDetails, error: problems }),
  HttpApiEndpoint.patch("change", "/error-groups/:id", {
    params: id,
    payload: ErrorGroupChange,
    success: ErrorGroup,
    error: problems
  })
)

/** @internal */
export const deadLetters = HttpApiGroup.make("deadLetters").add(
  HttpApiEndpoint.get("list", "/dead-letters", {
    query: DeadLetterQuery.fields,
    success: pageOf(DeadLetter),
    error: problems
  }),
  HttpApiEndpoint.get("get", "/dead-letters/:id", { params: id, success: DeadLetterDetails, error: problems }),
  HttpApiEndpoint.post("requeue", "/dead-letters/:id/requeue", {
    params: id,
    payload: Reason,
    success: Affected,
    error: problems
  }),
  HttpApiEndpoint.post("check", "/dead-letters/:id/check", {
    params: id,
    payload: PayloadEdit,
    success: PayloadVerdict,
    error: problems
  }),
  HttpApiEndpoint.patch("edit", "/dead-letters/:id", {
    params: id,
    payload: Schema.Struct({ ...PayloadEdit.fields, ...Reason.fields }),
    success: Affected,
    error: problems
  }),
  HttpApiEndpoint.post("discard", "/dead-letters/:id/discard", {
    params: id,
    payload: Reason,
    success: Affected,
    error: problems
  })
)

/** @internal */
export const operations = HttpApiGroup.make("operations").add(
  HttpApiEndpoint.get("list", "/operations", {
    query: OperationQuery.fields,
    success: pageOf(Operation),
    error: problems
  }),
  HttpApiEndpoint.post("preview", "/operations/preview", {
    payload: OperationRequest,
    success: OperationPreview,
    error: problems
  }),
  HttpApiEndpoint.get("get", "/operations/:id", { params: id, success: Operation, error: problems }),
  HttpApiEndpoint.post("start", "/operations", { payload: OperationRequest, success: Operation, error: problems }),
  HttpApiEndpoint.post("stop", "/operations/:id/stop", {
    params: id,
    payload: Reason,
    success: Operation,
    error: problems
  })
)

/** @internal */
export const consumers = HttpApiGroup.make("consumers").add(
  ...consumersRead,
  HttpApiEndpoint.post("pause", "/consumers/:consumer/pause", {
    params: consumerParams,
    payload: Reason,
    success: ConsumerSummary,
    error: problems
  }),
  HttpApiEndpoint.post("resume", "/consumers/:consumer/resume", {
    params: consumerParams,
    payload: Reason,
    success: ConsumerSummary,
    error: problems
  }),
  HttpApiEndpoint.post("retire", "/consumers/:consumer/retire", {
    params: consumerParams,
    payload: RetireRequest,
    success: RetireResult,
    error: problems
  })
)

/** @internal */
export const settings = HttpApiGroup.make("settings").add(
  HttpApiEndpoint.get("list", "/settings", { success: Schema.Array(Setting), error: problems }),
  HttpApiEndpoint.put("put", "/settings/:key", {
    params: { key: Text },
    payload: SettingPut,
    success: Setting,
    error: problems
  }),
  HttpApiEndpoint.get("history", "/settings/:key/history", {
    params: { key: Text },
    success: Schema.Array(SettingChange),
    error: problems
  })
)
