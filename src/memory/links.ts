/**
 * Links in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { Entity } from "../model/DomainEvent.ts"
import { deferWrite } from "../stores/deferredWrites.ts"
import { type FindOptions, type Link, LinkStore, type NewLink } from "../stores/LinkStore.ts"
import { checkEntity, checkLink, provisionalLink } from "../stores/linkRules.ts"
import { byPosition } from "./comparators.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"

interface LinkRecord extends Omit<Link, "metadata"> {
  readonly position: bigint
  /** As text, so that nobody can change what is stored. */
  readonly metadata: string | null
}

const partsOf = ({ entityId, entityType, module }: Entity) => [module, entityType, entityId]

/** One link for each pair of ends and type. */
const keyOf = (link: Pick<NewLink, "source" | "target" | "linkType">) =>
  JSON.stringify([...partsOf(link.source), ...partsOf(link.target), link.linkType])

const isSame = (a: Entity, b: Entity) =>
  a.module === b.module && a.entityType === b.entityType && a.entityId === b.entityId

const copyOf = ({ entityId, entityType, module }: Entity): Entity => ({ module, entityType, entityId })

const toLink = ({ metadata, position: _, ...link }: LinkRecord): Link => ({
  ...link,
  metadata: metadata === null ? null : JSON.parse(metadata)
})

export const layer: Layer.Layer<LinkStore, never, MemoryDatabase> = Layer.effect(
  LinkStore,
  Effect.gen(function* () {
    const { internal: database } = yield* MemoryDatabase
    const links = database.table<LinkRecord>()
    const select = (isMeant: (link: LinkRecord) => boolean) =>
      database.read((transaction) => [...transaction.rows(links)].filter(isMeant).toSorted(byPosition).map(toLink))
    const at = (end: "source" | "target") =>
      Effect.fnUntraced(function* (entity: Entity, options?: FindOptions) {
        yield* checkEntity(end, entity)
        const { linkType } = options ?? {}
        return yield* select((link) => isSame(link[end], entity) && (linkType ?? link.linkType) === link.linkType)
      })
    const insert = (link: NewLink, metadata: string | null) =>
      database.run((transaction) =>
        Effect.map(Effect.andThen(database.lock(transaction, links, keyOf(link)), database.now), (now) => {
          const existing = transaction.read(links, keyOf(link))
          if (existing !== undefined) return toLink(existing)
          const record: LinkRecord = {
            id: SecureRandom.uuidV4Unsafe(),
            position: database.nextPosition(),
            source: copyOf(link.source),
            target: copyOf(link.target),
            linkType: link.linkType,
            metadata,
            createdAt: new Date(now)
          }
          transaction.write(links, keyOf(link), record)
          return toLink(record)
        })
      )
    const defer = deferWrite(database.isOpen)
    return LinkStore.of({
      create: (link) =>
        Effect.flatMap(checkLink(link), (metadata) => defer(insert(link, metadata), () => provisionalLink(link))),
      findOutbound: at("source"),
      findInbound: at("target"),
      findByLinkType: (linkType) => select((link) => link.linkType === linkType),
      findBidirectional: Effect.fnUntraced(function* (one, other) {
        yield* checkEntity("first end", one)
        yield* checkEntity("other end", other)
        return yield* select(
          ({ source, target }) =>
            (isSame(source, one) && isSame(target, other)) || (isSame(source, other) && isSame(target, one))
        )
      }),
      remove: (id) =>
        database.run((transaction) => {
          const found = [...transaction.rows(links)].find((link) => link.id === id)
          if (found === undefined) return Effect.succeed(false)
          return Effect.map(database.lock(transaction, links, keyOf(found)), () => {
            if (transaction.read(links, keyOf(found)) === undefined) return false
            transaction.write(links, keyOf(found), undefined)
            return true
          })
        })
    })
  })
)
