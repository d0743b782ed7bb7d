/**
 * Events, their lineage, and entities.
 *
 * @internal
 */
import { Effect } from "effect"
import { InvalidOption } from "../../errors/DeclarationErrors.ts"
import type { Entities } from "../../operations/Entities.ts"
import type { Events } from "../../operations/Events.ts"
import { of as lineageOf, type Node, type Tree } from "../../operations/Lineage.ts"
import { LineageStore } from "../../stores/LineageStore.ts"
import { LinkStore } from "../../stores/LinkStore.ts"
import type { AdminService } from "../adminService.ts"
import { Link, LinkGraph, Moment } from "../model/entities.ts"
import {
  EventDetails,
  type EventQuery,
  EventSummary,
  LineageEvent,
  type LineageTree,
  ReceivedPayload
} from "../model/events.ts"
import type { Bounded } from "./bounded.ts"
import { entityOf } from "./entityText.ts"
import { pageOf, shaped } from "./shaped.ts"

const summaryOf = shaped(EventSummary)
const detailsOf = shaped(EventDetails)
const receivedOf = shaped(ReceivedPayload)
const lineageEventOf = shaped(LineageEvent)
const linkOf = shaped(Link)
const graphOf = shaped(LinkGraph)
const momentOf = shaped(Moment)

/** What a value is compared with: JSON if it is some, else the text itself. */
const jsonOf = (value: string): string => {
  try {
    JSON.parse(value)
    return value
  } catch {
    return JSON.stringify(value)
  }
}

/** `path=value`. */
const conditionOf = Effect.fnUntraced(function* (text: string) {
  const at = text.indexOf("=")
  if (at > 0) return { path: text.slice(0, at), equalsJson: jsonOf(text.slice(at + 1)) }
  return yield* new InvalidOption({
    option: "payload of events",
    value: text,
    expected: "a path and a value, as customer.id=42"
  })
})

const selectionOf = Effect.fnUntraced(function* (query: EventQuery) {
  const { aggregate, module, name, payload, status, text, ...rest } = query
  return {
    ...rest,
    ...(name === undefined ? {} : { names: name }),
    ...(module === undefined ? {} : { modules: module }),
    ...(status === undefined ? {} : { statuses: status }),
    ...(text === undefined ? {} : { payloadText: text }),
    ...(aggregate === undefined ? {} : { aggregate: yield* entityOf(aggregate) }),
    ...(payload === undefined ? {} : { payload: yield* Effect.forEach(payload, conditionOf) })
  }
})

/** Events of a tree, each cause before what it caused. */
const flat = (node: Node, depth: number): ReadonlyArray<LineageEvent> => {
  const { causationId, caused, correlationId, origin } = node
  const told = {
    ...node,
    correlationId: correlationId ?? null,
    causationId: causationId ?? null,
    origin: origin ?? null,
    depth
  }
  return [lineageEventOf(told), ...caused.flatMap((each) => flat(each, depth + 1))]
}

const treeOf = (tree: Tree): LineageTree => ({
  root: tree.root.id,
  unknownCause: tree.unknownCause ?? null,
  events: flat(tree.root, 0),
  isCut: tree.isCut,
  lookedUntil: tree.lookedUntil
})

/** What follows is looked for so long after a cause, unless somebody asks for more: nothing is indexed by cause. */
const lineageMinutes = 10

export interface EventServices {
  readonly events: Events["Service"]
  readonly entities: Entities["Service"]
  readonly lineage: LineageStore["Service"]
  readonly links: LinkStore["Service"]
}

export const eventsOver = (
  { entities, events, lineage, links }: EventServices,
  { ask }: Bounded
): Pick<AdminService, "events" | "links"> => ({
  events: {
    find: (query) =>
      ask(
        Effect.gen(function* () {
          const { found, next, ...looked } = yield* events.find(yield* selectionOf(query))
          return { ...looked, found: found.map(summaryOf), ...(next === undefined ? {} : { next }) }
        })
      ),
    get: (id) =>
      ask(
        Effect.map(events.get(id), ({ metadataText, payloadText, ...details }) =>
          detailsOf({ ...details, payload: payloadText, metadata: metadataText, visibility: "full" })
        )
      ),
    received: (id, { consumer }) =>
      ask(
        Effect.map(events.received(id, consumer), ({ issues, originalPayloadText, payloadText, ...received }) =>
          receivedOf({
            ...received,
            payload: payloadText,
            originalPayload: originalPayloadText,
            visibility: "full",
            problems: issues
          })
        )
      ),
    lineage: (id, { minutes = lineageMinutes, ...options } = {}) =>
      ask(
        Effect.map(lineageOf(id, { ...options, span: `${minutes} minutes` }), treeOf).pipe(
          Effect.provideService(LineageStore, lineage),
          Effect.provideService(LinkStore, links)
        )
      )
  },
  links: {
    list: ({ after, entityId, entityType, limit, module }) =>
      ask(
        Effect.map(
          entities.links(
            { module, entityType, entityId },
            { ...(after === undefined ? {} : { after }), ...(limit === undefined ? {} : { limit }) }
          ),
          (page) => pageOf(page.links, linkOf, page.next)
        )
      ),
    graph: ({ entityId, entityType, hops, limit, module }) =>
      ask(
        Effect.map(
          entities.graph(
            { module, entityType, entityId },
            { ...(hops === undefined ? {} : { hops: hops as 1 | 2 | 3 }), ...(limit === undefined ? {} : { limit }) }
          ),
          graphOf
        )
      ),
    life: ({ after, entityId, entityType, hops, limit, module }) =>
      ask(
        Effect.map(
          entities.life(
            { module, entityType, entityId },
            {
              ...(after === undefined ? {} : { after }),
              ...(hops === undefined ? {} : { hops: hops as 0 | 1 }),
              ...(limit === undefined ? {} : { limit })
            }
          ),
          ({ isComplete, moments, next }) => ({
            moments: moments.map(momentOf),
            isComplete,
            ...(next === undefined ? {} : { next })
          })
        )
      )
  }
})
