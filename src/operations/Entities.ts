/**
 * Business entities across modules: what they are linked with, and what happened to them.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer } from "effect"
import { type InvalidIdentifier, InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import type { Entity } from "../model/DomainEvent.ts"
import { Settings } from "../settings/Settings.ts"
import { EventSearchStore } from "../stores/EventSearchStore.ts"
import { type LinkPage, LinkStore } from "../stores/LinkStore.ts"
import { checkEntity } from "../stores/linkRules.ts"
import { withStatementTimeout } from "../stores/unresponsive.ts"
import type { EntityGraph } from "./EntityGraph.ts"
import type { Life } from "./EntityLife.ts"
import { graphOf } from "./graphWalk.ts"
import { lifeOf, momentKeyOf } from "./lifeMoments.ts"

export type { LinkPage } from "../stores/LinkStore.ts"
export type { EntityGraph as Graph, GraphEntity } from "./EntityGraph.ts"
export type { Life, Moment } from "./EntityLife.ts"

/** Why a question about an entity is refused. @since 0.1.0 */
export type EntityError = InvalidOption | UnsupportedOption | InvalidIdentifier | StoreError

/** One part of a list. @since 0.1.0 */
export interface PageOptions {
  /** `next` of the part before; default the beginning. */
  readonly after?: string
  /** How many, 1 to 200; default 50. */
  readonly limit?: number
}

/** How far a graph goes. @since 0.1.0 */
export interface GraphOptions {
  /** Links between the entity and others at most; default 1. */
  readonly hops?: 1 | 2 | 3
  /** Entities at most, 1 to 200; default 200. */
  readonly limit?: number
}

/** Which part of a life. @since 0.1.0 */
export interface LifeOptions extends PageOptions {
  /** 1: also of the entities it is linked with, 50 at most. Default 0. */
  readonly hops?: 0 | 1
}

const most = 200

/** Entities that a life with those around is about. */
const mostLives = 50

/** Links of each entity and end that a life has. */
const mostLinks = 500

const refuse = (option: string, value: unknown, expected: string) =>
  Effect.fail(new InvalidOption({ option: `${option} of entities`, value: String(value), expected }))

/** Fails unless options are known, and an entity can be one. */
const check = Effect.fnUntraced(function* (
  where: string,
  entity: Entity,
  options: PageOptions & { readonly hops?: number },
  supported: ReadonlyArray<string>
) {
  const unknown = unknownOption(`Entities.${where}`, options, supported)
  if (unknown !== undefined) return yield* unknown
  yield* checkEntity("entity", entity)
  const { limit = most } = options
  return Number.isInteger(limit) && limit >= 1 && limit <= most
    ? undefined
    : yield* refuse("limit", limit, `an integer from 1 to ${most}`)
})

const checkHops = (hops: number, from: number, to: number) =>
  Number.isInteger(hops) && hops >= from && hops <= to
    ? Effect.void
    : refuse("hops", hops, `an integer from ${from} to ${to}`)

/** The parts of an entity alone: who asks may have more. */
const only = ({ entityId, entityType, module }: Entity): Entity => ({ module, entityType, entityId })

const make = Effect.gen(function* () {
  const links = yield* LinkStore
  const events = yield* EventSearchStore
  const engine = { settings: yield* Settings }
  const around: LinkStore["Service"]["around"] = (entities, limit) =>
    withStatementTimeout(engine, "links.around", links.around(entities, limit))
  return Entities.of({
    links: Effect.fn("Entities.links")(function* (entity, options = {}) {
      yield* check("links", entity, options, ["after", "limit"])
      const { after, limit = 50 } = options
      if (after !== undefined && !/^\d{1,18}$/.test(after)) {
        return yield* refuse("after", after, "the next of an earlier page")
      }
      return yield* withStatementTimeout(engine, "links.page", links.page(only(entity), after, limit))
    }),
    graph: Effect.fn("Entities.graph")(function* (entity, options = {}) {
      yield* check("graph", entity, options, ["hops", "limit"])
      const { hops = 1, limit = most } = options
      yield* checkHops(hops, 1, 3)
      return yield* graphOf(around, only(entity), hops, limit)
    }),
    life: Effect.fn("Entities.life")(function* (entity, options = {}) {
      yield* check("life", entity, options, ["after", "limit", "hops"])
      const { after: text, hops = 0, limit = 50 } = options
      yield* checkHops(hops, 0, 1)
      const after = text === undefined ? undefined : momentKeyOf(String(text))
      if (text !== undefined && after === undefined) {
        return yield* refuse("after", text, "the next of an earlier part")
      }
      const graph = hops === 0 ? undefined : yield* graphOf(around, only(entity), 1, mostLives)
      const aggregates = graph?.entities.map((each) => each.entity) ?? [only(entity)]
      const moments = yield* withStatementTimeout(
        engine,
        "events.moments",
        events.moments({ aggregates, after, limit: limit + 1 })
      )
      const created = yield* around(aggregates, Math.max(20, Math.floor(mostLinks / aggregates.length)))
      const life = lifeOf(aggregates, moments, created, after, limit)
      return { ...life, isComplete: life.isComplete && (graph?.isComplete ?? true) }
    })
  })
})

/**
 * What is known of business entities: read in bounded statements, so an entity with a million links, or events, is answered in part.
 * Operations fail with `InvalidOption`, `UnsupportedOption`, `InvalidIdentifier` and `StoreError`.
 *
 * @since 0.1.0
 */
export class Entities extends Context.Service<
  Entities,
  {
    /** Links from and to an entity, in the order they were created. */
    readonly links: (entity: Entity, options?: PageOptions) => Effect.Effect<LinkPage, EntityError>
    /**
     * The entities within some links of one, and those links. Of an entity with more than can be shown, the latest links are followed:
     * `isComplete` is false then.
     */
    readonly graph: (entity: Entity, options?: GraphOptions) => Effect.Effect<EntityGraph, EntityError>
    /**
     * What happened to an entity, in the order of time: events it is the aggregate of, how their deliveries ended, whichever module
     * their consumers belong to, and links from or to it. Of its first 2000 events.
     */
    readonly life: (entity: Entity, options?: LifeOptions) => Effect.Effect<Life, EntityError>
  }
>()("effect-integration/Entities") {
  /** @since 0.1.0 */
  static readonly layer: Layer.Layer<Entities, never, LinkStore | EventSearchStore | Settings> = Layer.effect(
    Entities,
    make
  )
}
