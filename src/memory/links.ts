/**
 * Links in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { Entity } from "../model/DomainEvent.ts"
import { deferWrite } from "../stores/deferredWrites.ts"
import {
  type FindOptions,
  type Link,
  type LinkPage,
  LinkStore,
  type LinksAround,
  type NewLink
} from "../stores/LinkStore.ts"
import { checkEntity, checkLink, provisionalLink } from "../stores/linkRules.ts"
import { byPosition } from "./comparators.ts"
import type { Database } from "./database.ts"
import { isSameEntity, partsOf } from "./entities.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"
import type { Table } from "./transaction.ts"

interface LinkRecord extends Omit<Link, "metadata"> {
  readonly position: bigint
  /** As text, so that nobody can change what is stored. */
  readonly metadata: string | null
}

/** One link for each pair of ends and type. */
const keyOf = (link: Pick<NewLink, "source" | "target" | "linkType">) =>
  JSON.stringify([...partsOf(link.source), ...partsOf(link.target), link.linkType])

const copyOf = ({ entityId, entityType, module }: Entity): Entity => ({ module, entityType, entityId })

const toLink = ({ metadata, position: _, ...link }: LinkRecord): Link => ({
  ...link,
  metadata: metadata === null ? null : JSON.parse(metadata)
})

/** What the links of one database are kept in. */
interface Links {
  readonly database: Database
  readonly table: Table<LinkRecord>
}

/** Links in the order they were created. */
const select = ({ database, table }: Links, isMeant: (link: LinkRecord) => boolean) =>
  database.read((transaction) => [...transaction.rows(table)].filter(isMeant).toSorted(byPosition).map(toLink))

const findAt = (links: Links, end: "source" | "target") =>
  Effect.fnUntraced(function* (entity: Entity, options?: FindOptions) {
    yield* checkEntity(end, entity)
    const { linkType } = options ?? {}
    return yield* select(
      links,
      (link) => isSameEntity(link[end], entity) && (linkType ?? link.linkType) === link.linkType
    )
  })

const findBidirectional = Effect.fnUntraced(function* (links: Links, one: Entity, other: Entity) {
  yield* checkEntity("first end", one)
  yield* checkEntity("other end", other)
  return yield* select(
    links,
    ({ source, target }) =>
      (isSameEntity(source, one) && isSameEntity(target, other)) ||
      (isSameEntity(source, other) && isSameEntity(target, one))
  )
})

const isOf = (link: LinkRecord, entity: Entity) =>
  isSameEntity(link.source, entity) || isSameEntity(link.target, entity)

const page = ({ database, table }: Links, entity: Entity, after: string | undefined, limit: number) =>
  database.read((transaction): LinkPage => {
    const found = [...transaction.rows(table)]
      .filter((link) => isOf(link, entity) && link.position > BigInt(after ?? "0"))
      .toSorted(byPosition)
      .slice(0, limit)
    return { links: found.map(toLink), next: found.length < limit ? undefined : found.at(-1)?.position.toString() }
  })

const around = ({ database, table }: Links, entities: ReadonlyArray<Entity>, limit: number) =>
  database.read((transaction): LinksAround => {
    const links = [...transaction.rows(table)].toSorted(byPosition)
    const ends = entities.flatMap((entity) =>
      (["source", "target"] as const).map((end) => links.filter((link) => isSameEntity(link[end], entity)))
    )
    const found = new Set(ends.flatMap((each) => each.slice(-limit)))
    return {
      links: links.filter((link) => found.has(link)).map(toLink),
      isCut: ends.some((each) => each.length > limit)
    }
  })

/** Writes a link that does not exist yet, after waiting for a transaction that is just creating it. */
const insert = ({ database, table }: Links, link: NewLink, metadata: string | null) =>
  database.run((transaction) =>
    Effect.map(Effect.andThen(database.lock(transaction, table, keyOf(link)), database.now), (now) => {
      const existing = transaction.read(table, keyOf(link))
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
      transaction.write(table, keyOf(link), record)
      return toLink(record)
    })
  )

/** Removes a link. Returns whether it was there. */
const remove = ({ database, table }: Links, id: string) =>
  database.run((transaction) => {
    const found = [...transaction.rows(table)].find((link) => link.id === id)
    if (found === undefined) return Effect.succeed(false)
    return Effect.map(database.lock(transaction, table, keyOf(found)), () => {
      if (transaction.read(table, keyOf(found)) === undefined) return false
      transaction.write(table, keyOf(found), undefined)
      return true
    })
  })

export const layer: Layer.Layer<LinkStore, never, MemoryDatabase> = Layer.effect(
  LinkStore,
  Effect.gen(function* () {
    const { internal: database } = yield* MemoryDatabase
    const links: Links = { database, table: database.table<LinkRecord>() }
    const defer = deferWrite(database.isOpen)
    return LinkStore.of({
      create: (link) =>
        Effect.flatMap(checkLink(link), (metadata) =>
          defer(insert(links, link, metadata), () => provisionalLink(link))
        ),
      findOutbound: findAt(links, "source"),
      findInbound: findAt(links, "target"),
      findByLinkType: (linkType) => select(links, (link) => link.linkType === linkType),
      findBidirectional: (one, other) => findBidirectional(links, one, other),
      findConnected: (entities, limit) =>
        Effect.map(
          select(links, ({ source, target }) =>
            entities.some((one) => isSameEntity(source, one) || isSameEntity(target, one))
          ),
          (found) => found.slice(-limit)
        ),
      page: (entity, after, limit) => page(links, entity, after, limit),
      around: (entities, limit) => around(links, entities, limit),
      findById: (id) =>
        Effect.map(
          select(links, (link) => link.id === id),
          ([found]) => found
        ),
      countFromModule: (module) =>
        Effect.map(
          select(links, ({ source }) => source.module === module),
          (found) => found.length
        ),
      remove: (id) => remove(links, id)
    })
  })
)
