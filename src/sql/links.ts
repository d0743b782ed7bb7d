/**
 * Statements over `integration_link`.
 *
 * @internal
 */
import { Effect, Layer, type Schema } from "effect"
import type { SqlClient } from "effect/sql"
import type { Entity } from "../model/DomainEvent.ts"
import { isUuid } from "../model/storable.ts"
import { deferWrite } from "../stores/deferredWrites.ts"
import {
  type Link,
  type LinkPage,
  LinkStore,
  type LinksAround,
  type LinkType,
  type NewLink
} from "../stores/LinkStore.ts"
import { checkEntity, checkLink, provisionalLink } from "../stores/linkRules.ts"
import { isInTransaction, storeErrorsOf } from "./connection/errors.ts"
import { TableClient } from "./connection/tableClient.ts"

interface Row {
  readonly id: string
  readonly sourceModule: string
  readonly sourceType: string
  readonly sourceId: string
  readonly targetModule: string
  readonly targetType: string
  readonly targetId: string
  readonly linkType: LinkType
  readonly metadata: Schema.Json | null
  readonly createdAt: Date
}

const columns = `
  id::text AS "id", source_module AS "sourceModule", source_entity_type AS "sourceType", source_entity_id AS "sourceId",
  target_module AS "targetModule", target_entity_type AS "targetType", target_entity_id AS "targetId",
  link_type AS "linkType", metadata AS "metadata", created_at AS "createdAt"`

const toLink = (row: Row): Link => ({
  id: row.id,
  source: { module: row.sourceModule, entityType: row.sourceType, entityId: row.sourceId },
  target: { module: row.targetModule, entityType: row.targetType, entityId: row.targetId },
  linkType: row.linkType,
  metadata: row.metadata,
  createdAt: row.createdAt
})

/** The no-op update returns the existing row, and waits for a transaction that is just creating it. */
const create = (sql: SqlClient.SqlClient) => (link: NewLink, metadata: string | null) =>
  sql<Row>`
    INSERT INTO integration_link (
      source_module, source_entity_type, source_entity_id, target_module, target_entity_type, target_entity_id,
      link_type, metadata
    )
    VALUES (
      ${link.source.module}, ${link.source.entityType}, ${link.source.entityId}, ${link.target.module},
      ${link.target.entityType}, ${link.target.entityId}, ${link.linkType}, ${metadata}::jsonb
    )
    ON CONFLICT (link_hash) DO UPDATE SET link_type = excluded.link_type
    RETURNING ${sql.literal(columns)}`

const findAt =
  (sql: SqlClient.SqlClient, end: "source" | "target") => (entity: Entity, linkType: LinkType | undefined) =>
    sql<Row>`
    SELECT ${sql.literal(columns)}
    FROM integration_link
    WHERE ${sql.literal(`${end}_module`)} = ${entity.module}
      AND ${sql.literal(`${end}_entity_type`)} = ${entity.entityType}
      AND ${sql.literal(`${end}_entity_id`)} = ${entity.entityId}
      AND (${linkType ?? null}::text IS NULL OR link_type = ${linkType ?? null}::text)
    ORDER BY position`

const findByLinkType = (sql: SqlClient.SqlClient) => (linkType: LinkType) =>
  sql<Row>`
    SELECT ${sql.literal(columns)} FROM integration_link WHERE link_type = ${linkType} ORDER BY position`

const findBidirectional = (sql: SqlClient.SqlClient) => (one: Entity, other: Entity) => {
  const between = (source: Entity, target: Entity) => sql`(
    source_module = ${source.module} AND source_entity_type = ${source.entityType}
    AND source_entity_id = ${source.entityId} AND target_module = ${target.module}
    AND target_entity_type = ${target.entityType} AND target_entity_id = ${target.entityId}
  )`
  return sql<Row>`
    SELECT ${sql.literal(columns)}
    FROM integration_link
    WHERE ${between(one, other)} OR ${between(other, one)}
    ORDER BY position`
}

const findById = (sql: SqlClient.SqlClient) => (id: string) =>
  sql<Row>`SELECT ${sql.literal(columns)} FROM integration_link WHERE id = ${id}::uuid`

const countFromModule = (sql: SqlClient.SqlClient) => (module: string) =>
  sql<{ links: number }>`SELECT count(*)::int AS "links" FROM integration_link WHERE source_module = ${module}`

/** Each end has an index. */
const findConnected = (sql: SqlClient.SqlClient) => (entities: ReadonlyArray<Entity>, limit: number) => {
  const at = (end: "source" | "target") => `
    SELECT l.*
    FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[])) AS k (module, type, id)
    JOIN integration_link AS l
      ON l.${end}_module = k.module AND l.${end}_entity_type = k.type AND l.${end}_entity_id = k.id`
  return sql.unsafe<Row>(
    `SELECT ${columns}
    FROM (SELECT * FROM (${at("source")} UNION ${at("target")}) AS l ORDER BY position DESC LIMIT $4::int) AS l
    ORDER BY position`,
    [
      entities.map(({ module }) => module),
      entities.map(({ entityType }) => entityType),
      entities.map(({ entityId }) => entityId),
      limit
    ]
  )
}

/** The columns of an entity's end, in the words of its index. */
const isAt = (end: "source" | "target", [module, type, id]: readonly [string, string, string]) =>
  `l.${end}_module = ${module} AND l.${end}_entity_type = ${type} AND l.${end}_entity_id = ${id}`

const pageAt = (end: "source" | "target") => `(
    SELECT l.* FROM integration_link AS l
    WHERE ${isAt(end, ["$1::text", "$2::text", "$3::text"])} AND l.position > $4::bigint
    ORDER BY l.position
    LIMIT $5::int
  )`

/** Both indexes in the order of positions, as far as needed. */
const pageStatement = `
  SELECT ${columns}, position::text AS "position"
  FROM (${pageAt("source")} UNION ${pageAt("target")}) AS l
  ORDER BY l.position
  LIMIT $5::int`

const page =
  (sql: SqlClient.SqlClient) =>
  ({ entityId, entityType, module }: Entity, after: string | undefined, limit: number) =>
    Effect.map(
      sql.unsafe<Row & { readonly position: string }>(pageStatement, [
        module,
        entityType,
        entityId,
        after ?? "0",
        limit
      ]),
      (rows): LinkPage => ({
        links: rows.map(toLink),
        next: rows.length < limit ? undefined : rows.at(-1)?.position
      })
    )

const aroundAt = (end: "source" | "target") => `
  SELECT l.*
  FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[])) AS k (module, type, id)
  CROSS JOIN LATERAL (
    SELECT l.*, row_number() OVER (ORDER BY l.position DESC) AS place
    FROM (
      SELECT l.* FROM integration_link AS l
      WHERE ${isAt(end, ["k.module", "k.type", "k.id"])}
      ORDER BY l.position DESC
      LIMIT $4::int + 1
    ) AS l
  ) AS l`

/** One more than asked for says whether there are more. */
const aroundStatement = `
  WITH found AS MATERIALIZED (${aroundAt("source")} UNION ALL ${aroundAt("target")})
  SELECT DISTINCT ON (l.position) ${columns}, (SELECT bool_or(place > $4::int) FROM found) AS "isCut"
  FROM found AS l
  WHERE l.place <= $4::int
  ORDER BY l.position`

const around = (sql: SqlClient.SqlClient) => (entities: ReadonlyArray<Entity>, limit: number) =>
  Effect.map(
    sql.unsafe<Row & { readonly isCut: boolean }>(aroundStatement, [
      entities.map(({ module }) => module),
      entities.map(({ entityType }) => entityType),
      entities.map(({ entityId }) => entityId),
      limit
    ]),
    (rows): LinksAround => ({ links: rows.map(toLink), isCut: rows[0]?.isCut ?? false })
  )

export const layer: Layer.Layer<LinkStore, never, TableClient> = Layer.effect(
  LinkStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    const defer = deferWrite(isInTransaction(sql))
    const links = (rows: ReadonlyArray<Row>) => rows.map(toLink)
    return LinkStore.of({
      create: Effect.fnUntraced(function* (link) {
        const metadata = yield* checkLink(link)
        const write = Effect.flatMap(storeErrors("links.create")(create(sql)(link, metadata)), ([row]) =>
          row === undefined ? Effect.die(new Error("an upsert returns its row")) : Effect.succeed(toLink(row))
        )
        return yield* defer(write, () => provisionalLink(link))
      }),
      findOutbound: Effect.fnUntraced(function* (source, options) {
        yield* checkEntity("source", source)
        return links(yield* storeErrors("links.findOutbound")(findAt(sql, "source")(source, options?.linkType)))
      }),
      findInbound: Effect.fnUntraced(function* (target, options) {
        yield* checkEntity("target", target)
        return links(yield* storeErrors("links.findInbound")(findAt(sql, "target")(target, options?.linkType)))
      }),
      findByLinkType: (linkType) =>
        storeErrors("links.findByLinkType")(Effect.map(findByLinkType(sql)(linkType), links)),
      findBidirectional: Effect.fnUntraced(function* (one, other) {
        yield* checkEntity("first end", one)
        yield* checkEntity("other end", other)
        return links(yield* storeErrors("links.findBidirectional")(findBidirectional(sql)(one, other)))
      }),
      findConnected: (entities, limit) =>
        storeErrors("links.findConnected")(Effect.map(findConnected(sql)(entities, limit), links)),
      page: (entity, after, limit) => storeErrors("links.page")(page(sql)(entity, after, limit)),
      around: (entities, limit) => storeErrors("links.around")(around(sql)(entities, limit)),
      findById: (id) =>
        isUuid(id)
          ? storeErrors("links.findById")(
              Effect.map(findById(sql)(id), ([row]) => (row === undefined ? undefined : toLink(row)))
            )
          : Effect.succeed(undefined),
      countFromModule: (module) =>
        storeErrors("links.countFromModule")(Effect.map(countFromModule(sql)(module), ([row]) => row?.links ?? 0)),
      remove: (id) =>
        isUuid(id)
          ? storeErrors("links.remove")(
              Effect.map(
                sql`DELETE FROM integration_link WHERE id = ${id}::uuid RETURNING id::text`,
                (_) => _.length > 0
              )
            )
          : Effect.succeed(false)
    })
  })
)
