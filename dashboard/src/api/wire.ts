/** What requests and answers look like on the wire: types only, all of them from the definition that the server serves. */
import type { HttpApi, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import type { Api } from "../../../src/admin/api/api.ts"

type Groups = typeof Api extends HttpApi.HttpApi<infer _Id, infer All> ? All : never

type Endpoint = HttpApiGroup.Endpoints<Groups>

/** As JSON has it: times are texts. */
export type Wire<A> = A extends Date
  ? string
  : A extends string | number | boolean | null | undefined
    ? A
    : A extends ReadonlyArray<infer Item>
      ? ReadonlyArray<Wire<Item>>
      : { readonly [Key in keyof A]: Wire<A[Key]> }

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

type PathOf<E> = E extends { readonly path: `/api/v1${infer Path}` } ? Path : never

/** Paths that a method is known for, below `/api/v1`. */
export type Path<M extends Method> = PathOf<Extract<Endpoint, { readonly method: M }>>

type At<M extends Method, P extends string> = Extract<Endpoint, { readonly method: M; readonly path: `/api/v1${P}` }>

type TypeOf<S> = [S] extends [{ readonly Type: infer T }] ? T : never

type Part<Key extends string, S> = [TypeOf<S>] extends [never]
  ? { readonly [K in Key]?: undefined }
  : Record<never, never> extends TypeOf<S>
    ? { readonly [K in Key]?: Wire<TypeOf<S>> }
    : { readonly [K in Key]: Wire<TypeOf<S>> }

/** What is sent to an endpoint. */
export type Asked<M extends Method, P extends string> = Part<"params", At<M, P>["~Params"]> &
  Part<"query", At<M, P>["~Query"]> &
  Part<"payload", At<M, P>["~Payload"]>

/** What it answers with. */
export type Answer<M extends Method, P extends string> = Wire<TypeOf<HttpApiEndpoint.Success<At<M, P>>>>

export type Overview = Answer<"GET", "/overview">
export type Consumer = Overview["consumers"][number]
export type ConsumerDetails = Answer<"GET", "/consumers/:consumer">
export type OpenDelivery = ConsumerDetails["oldest"]["deliveries"][number]
export type RuleInForce = ConsumerDetails["rules"][number]
export type Depth = Consumer["depth"]
export type ConsumerRate = Overview["rates"][number]
export type Distribution = ConsumerRate["duration"]
export type Flow = Answer<"GET", "/map">[number]
export type StatisticPoint = Answer<"GET", "/statistics">[number]
export type EventQuery = NonNullable<Asked<"GET", "/events">["query"]>
export type EventPage = Answer<"GET", "/events">
export type EventSummary = EventPage["found"][number]
export type EventDetails = Answer<"GET", "/events/:id">
export type EventDelivery = EventDetails["deliveries"][number]
export type ReceivedPayload = Answer<"GET", "/events/:id/received">
export type LineageTree = Answer<"GET", "/events/:id/lineage">
export type Entity = EventDetails["aggregate"]
export type ErrorGroup = Answer<"GET", "/error-groups">["items"][number]
export type ErrorGroupDetails = Answer<"GET", "/error-groups/:id">
export type DeadLetter = Answer<"GET", "/dead-letters">["items"][number]
export type DeadLetterDetails = Answer<"GET", "/dead-letters/:id">
export type PayloadVerdict = Answer<"POST", "/dead-letters/:id/check">
export type Operation = Answer<"GET", "/operations/:id">
export type OperationRequest = Asked<"POST", "/operations">["payload"]
export type OperationPreview = Answer<"POST", "/operations/preview">
export type Link = Answer<"GET", "/links">["items"][number]
export type LinkGraph = Answer<"GET", "/links/graph">
export type Life = Answer<"GET", "/links/life">
export type Contract = Answer<"GET", "/contracts">[number]
export type Replica = Answer<"GET", "/replicas">[number]
export type Setting = Answer<"GET", "/settings">[number]
export type AuditEntry = Answer<"GET", "/audit">["items"][number]
export type Diagnosis = Answer<"GET", "/doctor">
export type Session = Answer<"GET", "/session">
export type { LiveFigures as DecodedLiveFigures } from "../../../src/admin/model/consumers.ts"
