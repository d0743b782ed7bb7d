/**
 * Puts events, deliveries, attempts and links together.
 *
 * @internal
 */
import { entityOf } from "../model/DomainEvent.ts"
import type { AttemptRecord, Delivery } from "../stores/Delivery.ts"
import type { DeliveryAttempt, LineageEvent } from "../stores/LineageStore.ts"
import type { Link } from "../stores/LinkStore.ts"
import type { LineageDelivery, LineageNode, LineageTree } from "./LineageTree.ts"
import type { Walked } from "./lineageWalk.ts"

/** What became of the events of a tree. */
export interface TreeDetails {
  readonly deliveries: ReadonlyArray<Delivery>
  readonly attempts: ReadonlyArray<DeliveryAttempt>
  readonly links: ReadonlyArray<Link>
  /** Attempts, and links, there are at most. */
  readonly maxDetails: number
}

const deliveryKey = ({ consumer, eventId }: Pick<Delivery, "consumer" | "eventId">) =>
  JSON.stringify([eventId, consumer])

const entityKey = ({ entityId, entityType, module }: Link["source"]) => JSON.stringify([module, entityType, entityId])

const attemptOf = ({ consumer: _, eventId: __, ...attempt }: DeliveryAttempt): AttemptRecord => attempt

const deliveriesOf = ({ attempts, deliveries }: TreeDetails): ReadonlyMap<string, ReadonlyArray<LineageDelivery>> => {
  const attemptsOf = Map.groupBy(attempts, deliveryKey)
  const toDelivery = (delivery: Delivery): LineageDelivery => ({
    deliveryId: delivery.deliveryId,
    consumer: delivery.consumer,
    status: delivery.status,
    isOpen: delivery.isOpen,
    attemptCount: delivery.attemptCount,
    lastError: delivery.lastError,
    failedAttempts: (attemptsOf.get(deliveryKey(delivery)) ?? []).map(attemptOf)
  })
  return new Map([...Map.groupBy(deliveries, ({ eventId }) => eventId)].map(([id, each]) => [id, each.map(toDelivery)]))
}

const linksByEntity = (links: ReadonlyArray<Link>): ReadonlyMap<string, ReadonlyArray<Link>> => {
  const found = new Map<string, Array<Link>>()
  for (const link of links) {
    for (const key of new Set([entityKey(link.source), entityKey(link.target)])) {
      found.set(key, [...(found.get(key) ?? []), link])
    }
  }
  return found
}

/** Events by the cause they name. */
const causedBy = (events: Iterable<LineageEvent>) =>
  Map.groupBy(events, ({ causationId }) => causationId?.toLowerCase() ?? null)

/** The tree of what was walked. It may be deep, so nodes are made from its leaves on. */
export const treeOf = (walked: Walked, details: TreeDetails): LineageTree => {
  const { events, isCut, lookedUntil, root, unknownCause } = walked
  const deliveries = deliveriesOf(details)
  const links = linksByEntity(details.links)
  const caused = causedBy(events.values())
  // The root, though a circle of causes may lead to it again.
  const followersOf = (id: string) => (caused.get(id) ?? []).filter((event) => event.id !== root.id)
  const nodes = new Map<string, LineageNode>()
  for (const event of [...events.values()].toReversed()) {
    const { causationId, correlationId, eventName, id, origin, schemaVersion, traceparent } = event
    const all = caused.get(id) ?? []
    nodes.set(id, {
      id,
      name: eventName,
      schemaVersion,
      aggregate: entityOf(event),
      timestamp: event.createdAt,
      correlationId: correlationId ?? undefined,
      causationId: causationId ?? undefined,
      traceparent: traceparent ?? undefined,
      origin: origin ?? undefined,
      deliveries: deliveries.get(id) ?? [],
      links: links.get(entityKey(entityOf(event))) ?? [],
      caused: followersOf(id).flatMap((each) => nodes.get(each.id) ?? []),
      repeats: all.filter((each) => each.id === root.id).map((each) => each.id)
    })
  }
  return {
    root: nodes.get(root.id) as LineageNode,
    unknownCause,
    size: events.size,
    isCut: isCut || details.attempts.length >= details.maxDetails || details.links.length >= details.maxDetails,
    lookedUntil
  }
}
