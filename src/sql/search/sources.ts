/**
 * The rows that a slice looks at: of events in the order of their ids, or those that an index leads to, when they are few.
 *
 * @internal
 */
import type { EventQuery, SliceRequest } from "../../stores/EventSearchStore.ts"
import type { EventStatus } from "../../stores/OutboxStore.ts"
import { claimable, deadOf, gaveUp } from "../deliveryStates.ts"
import { ofAggregate, type Parameters } from "./conditions.ts"

/** Entries of an index that are taken at once: if there are more, slices of all events are looked at instead. */
export const mostCandidates = 5000

/** Rows of a slice as they stand in statements: few numbers, so that few statements are prepared, and planners know what to expect. */
const rungs = [256, 2048, 16_384, 65_536, 262_144]

const rungOf = (rows: number) => rungs.find((rung) => rows <= rung) ?? rows

export const orderOf = ({ direction }: Pick<SliceRequest, "direction">) => (direction === "backward" ? "DESC" : "ASC")

/** SQL of whether an event is looked for. */
const isMatch = (conditions: ReadonlyArray<string>) =>
  conditions.length === 0 ? "true" : `coalesce(${conditions.join(" AND ")}, false)`

/**
 * A few events in the order of their ids, with whether each is one of those looked for: found by primary key one after the other, however
 * many the planner expects, so that no more of them are looked at than are wanted.
 *
 * @param candidates - SQL of rows with their ids
 * @param range - SQL of a condition on these
 */
const inOrder = (
  request: SliceRequest,
  { add }: Parameters,
  candidates: string,
  conditions: ReadonlyArray<string>,
  range: string
) => `
    SELECT c.id, ${isMatch(conditions)} AS is_match
    FROM (
      SELECT DISTINCT c.id
      FROM ${candidates} AS c
      WHERE ${range}
      ORDER BY c.id ${orderOf(request)}
      LIMIT ${add(request.rows)}::int
    ) AS c
    CROSS JOIN LATERAL (SELECT * FROM integration_event AS e WHERE e.id = c.id OFFSET 0) AS e`

/** Events of a slice, whatever is looked for. */
export const plain = (request: SliceRequest, { add }: Parameters, conditions: ReadonlyArray<string>) => `
  SELECT * FROM (
    SELECT e.id, ${isMatch(conditions)} AS is_match
    FROM integration_event AS e
    WHERE e.id BETWEEN ${add(request.from)}::uuid AND ${add(request.to)}::uuid
    ORDER BY e.id ${orderOf(request)}
    LIMIT ${rungOf(request.rows)}
  ) AS r
  LIMIT ${add(request.rows)}::int`

/** Some entries of an index of deliveries, in its order: so it is the index that is read, whatever statistics say. */
const fromIndex = (condition: string, order: string) => `(
    SELECT i.outbox_event_id AS id FROM inbox_event AS i WHERE ${condition} ORDER BY ${order} LIMIT ${mostCandidates + 1}
  )`

/** Indexes that lead to events of a status; one that is processed has none. */
const leadingTo: Readonly<Record<Exclude<EventStatus, "processed">, ReadonlyArray<"open" | "leased" | "gaveUp">>> = {
  pending: ["open"],
  processing: ["leased"],
  dead_letter: ["gaveUp"],
  failed: ["gaveUp"]
}

/** What gave up of one consumer. @param consumer - SQL of its name */
const gaveUpOf = (consumer: string) => [
  fromIndex(deadOf(consumer), "i.status, i.consumer_name, i.updated_at"),
  fromIndex(`i.consumer_name = ${consumer} AND i.status = 'failed' AND i.available_at IS NULL`, "i.consumer_name")
]

/** Events that can have one of these statuses. */
const byStatus = (statuses: ReadonlyArray<EventStatus>, consumer: string | undefined, { add }: Parameters) => {
  const kinds = new Set(statuses.flatMap((status) => (status === "processed" ? [] : leadingTo[status])))
  const name = consumer === undefined ? undefined : `${add(consumer)}::text`
  const own = name === undefined ? "" : `i.consumer_name = ${name} AND `
  return [
    ...(kinds.has("open")
      ? [
          fromIndex(own + claimable, "i.consumer_name, i.available_at, i.position"),
          fromIndex(
            `${own}i.status IN ('received', 'failed') AND i.available_at = 'infinity'`,
            "i.consumer_name, i.ordering_key, i.position"
          ),
          `(
    SELECT e.id FROM integration_event AS e WHERE e.routed_at IS NULL ORDER BY e.position LIMIT ${mostCandidates + 1}
  )`
        ]
      : []),
    ...(kinds.has("leased") ? [fromIndex(`${own}i.status = 'processing'`, "i.consumer_name, i.locked_until")] : []),
    ...(kinds.has("gaveUp") ? (name === undefined ? [fromIndex(gaveUp, "i.id")] : gaveUpOf(name)) : [])
  ].join(" UNION ALL ")
}

/** SQL of the few rows in question, if an index leads to them. */
const candidatesOf = (query: EventQuery, given: Parameters): string | undefined => {
  const { aggregate, consumer, statuses } = query
  if (aggregate !== undefined) {
    return `SELECT e.id FROM integration_event AS e WHERE ${ofAggregate(query, given).join(" AND ")} LIMIT ${mostCandidates + 1}`
  }
  return statuses === undefined || statuses.includes("processed") ? undefined : byStatus(statuses, consumer, given)
}

/** CTEs and rows of a source that says when it has too many. */
export interface Candidates {
  readonly tables: string
  readonly rows: string
}

export const candidates = (
  request: SliceRequest,
  given: Parameters,
  conditionsOf: () => ReadonlyArray<string>
): Candidates | undefined => {
  const found = candidatesOf(request.query, given)
  if (found === undefined) return undefined
  const limited = `SELECT * FROM (${found}) AS c LIMIT ${mostCandidates + 1}`
  return {
    tables: `candidate AS MATERIALIZED (${limited}), size AS MATERIALIZED (
      SELECT count(*) > ${mostCandidates} AS is_too_many, NULL::uuid AS edge FROM candidate
    )`,
    rows: inOrder(
      request,
      given,
      "candidate",
      conditionsOf(),
      `NOT (SELECT is_too_many FROM size) AND c.id BETWEEN ${given.add(request.from)}::uuid AND ${given.add(request.to)}::uuid`
    )
  }
}

/** The first half of an id, which a delivery's has in common with its event's, and the rest of a digit. */
const halfOf = (id: string, digit: "0" | "f") => `rpad(left(replace(${id}::text, '-', ''), 16), 32, '${digit}')::uuid`

/** Whether only what gave up is looked for. */
export const isOfGaveUp = ({ aggregate, statuses = [] }: EventQuery) =>
  aggregate === undefined &&
  statuses.length > 0 &&
  statuses.every((status) => status === "dead_letter" || status === "failed")

/**
 * Events of deliveries that gave up, in the order of their ids: `inbox_event_dead_id_idx` has them in that of the deliveries', which
 * begin as the event's. Those of the last half, where it may have been cut, are left for the next slice; if that is all there are, it
 * has too many.
 */
export const gaveUpInOrder = (
  request: SliceRequest,
  given: Parameters,
  conditionsOf: () => ReadonlyArray<string>
): Candidates => {
  const { add } = given
  const [from, to, rows] = [add(request.from), add(request.to), add(request.rows)]
  const { consumer } = request.query
  const own = consumer === undefined ? "" : ` AND c.consumer = ${add(consumer)}::text`
  return {
    tables: `candidate AS MATERIALIZED (
      SELECT i.outbox_event_id AS id, i.id AS delivery, i.consumer_name AS consumer
      FROM inbox_event AS i
      WHERE ${gaveUp} AND i.id <= ${halfOf(`${to}::uuid`, "f")}
      ORDER BY i.id DESC
      LIMIT ${rows}::int
    ), ends AS MATERIALIZED (
      SELECT (SELECT count(*) FROM candidate) = ${rows}::int AS is_cut,
        ${halfOf("(SELECT delivery FROM candidate ORDER BY delivery DESC LIMIT 1)", "f")} AS first,
        ${halfOf("(SELECT delivery FROM candidate ORDER BY delivery LIMIT 1)", "f")} AS last
    ), size AS MATERIALIZED (
      SELECT is_cut AND first = last AS is_too_many, CASE WHEN is_cut THEN last END AS edge FROM ends
    )`,
    rows: inOrder(
      request,
      given,
      "candidate",
      conditionsOf(),
      `NOT (SELECT is_too_many FROM size)${own} AND c.id BETWEEN ${from}::uuid AND ${to}::uuid
        AND ((SELECT edge FROM size) IS NULL OR c.id > (SELECT edge FROM size))`
    )
  }
}
