/**
 * What happened to an entity, in the order of time.
 *
 * @internal
 */
import type { Entity } from "../model/DomainEvent.ts"
import type { EventMoment, MomentKey, Moments } from "../stores/EventSearchStore.ts"
import type { Link, LinksAround } from "../stores/LinkStore.ts"
import { compareMoments } from "../stores/momentOrder.ts"
import type { Life, Moment } from "./EntityLife.ts"

interface Placed {
  readonly key: MomentKey
  readonly moment: Moment
}

const ofEvent = (moment: EventMoment): Placed => {
  const { aggregate: entity, at, eventId, eventName, id, settled } = moment
  return {
    key: moment,
    moment:
      settled === undefined
        ? { kind: "event", at, entity, eventId, eventName }
        : { kind: "delivery", at, entity, eventId, eventName, deliveryId: id, ...settled }
  }
}

const isSame = (a: Entity, b: Entity) =>
  a.module === b.module && a.entityType === b.entityType && a.entityId === b.entityId

/** Of both ends, the one the life is about. */
const ofLink =
  (entities: ReadonlyArray<Entity>) =>
  (link: Link): Placed => ({
    key: { micros: BigInt(link.createdAt.getTime()) * 1000n, rank: 2, id: link.id },
    moment: {
      kind: "link",
      at: link.createdAt,
      entity: entities.find((each) => isSame(each, link.source) || isSame(each, link.target)) ?? link.source,
      link
    }
  })

/** A place as a text. */
const cursorOf = ({ id, micros, rank }: MomentKey) => `${micros}/${rank}/${id}`

const cursor = /^(-?\d{1,18})\/([012])\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** The place that a text says; undefined when it is none. */
export const momentKeyOf = (text: string): MomentKey | undefined => {
  const [, micros, rank, id] = cursor.exec(text) ?? []
  return micros === undefined || id === undefined ? undefined : { micros: BigInt(micros), rank: Number(rank), id }
}

/** Both lists as one, up to a limit. @param moments - one more than that, if there are */
export const lifeOf = (
  entities: ReadonlyArray<Entity>,
  { isCut, moments }: Moments,
  links: LinksAround,
  after: MomentKey | undefined,
  limit: number
): Life => {
  const created = links.links
    .map(ofLink(entities))
    .filter(({ key }) => after === undefined || compareMoments(key, after) > 0)
  const all = [...moments.map(ofEvent), ...created].toSorted((a, b) => compareMoments(a.key, b.key))
  const shown = all.slice(0, limit)
  const last = shown.at(-1)
  return {
    moments: shown.map(({ moment }) => moment),
    // One more than shown was asked for.
    next: last === undefined || all.length <= limit ? undefined : cursorOf(last.key),
    isComplete: !isCut && !links.isCut
  }
}
