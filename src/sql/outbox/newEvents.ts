/**
 * Events to be stored, as parameters of a statement, and the part of it that stores them.
 *
 * @internal
 */
import type { NewEvent, ReceivedEvent } from "../../stores/OutboxStore.ts"

/** Events of this application, with or without keys, or messages of other services. */
export type Kind = "plain" | "keyed" | "received"

/** Values of a column as an array. One that nobody fills stays empty, and what is alike for all is sent once. */
const arrayOf = <Event>(events: ReadonlyArray<Event>, value: (event: Event) => string | undefined) => {
  const values = events.map((event) => value(event) ?? "")
  const [first = ""] = values
  return values.some((_) => _ !== first) ? values : first === "" ? [] : [first]
}

const dueText = ({ due }: Pick<NewEvent, "due">) =>
  due === undefined ? undefined : typeof due === "number" ? `+${due}` : due.toISOString()

/** Columns of all events, as `commonColumns` names them. */
const commonArrays = (events: ReadonlyArray<Omit<NewEvent, "dedupeKey">>) => {
  const text = (value: (event: Omit<NewEvent, "dedupeKey">) => string | undefined) => arrayOf(events, value)
  return [
    text((_) => _.id),
    text((_) => _.eventName),
    text((_) => String(_.schemaVersion)),
    text((_) => _.sourceModule),
    text((_) => _.aggregateType),
    text((_) => _.aggregateId),
    text((_) => _.payload),
    text((_) => _.metadata),
    text((_) => _.correlationId),
    text((_) => _.causationId),
    text((_) => _.traceparent),
    text(dueText)
  ]
}

/** Parameters `$1` to `$13` of a statement about events that are published here. */
export const toArrays = (events: ReadonlyArray<NewEvent>) => [
  ...commonArrays(events),
  arrayOf(events, (_) => _.dedupeKey)
]

/** Parameters `$1` to `$15` of a statement about messages of other services. */
export const receivedArrays = (events: ReadonlyArray<ReceivedEvent>) => [
  ...commonArrays(events),
  arrayOf(events, (_) => _.origin),
  arrayOf(events, (_) => _.source),
  arrayOf(events, (_) => _.messageId)
]

const commonColumns = [
  ["id", "uuid"],
  ["event_name", "text"],
  ["schema_version", "int"],
  ["source_module", "text"],
  ["aggregate_type", "text"],
  ["aggregate_id", "text"],
  ["payload", "jsonb"],
  ["metadata", "text"],
  ["correlation_id", "text"],
  ["causation_id", "text"],
  ["traceparent", "text"],
  ["due", "text"]
] as const

const ownColumns = [["dedupe_key", "text"]] as const

const receivedColumns = [
  ["origin", "text"],
  ["source", "text"],
  ["message_id", "text"]
] as const

/** The arrays as parameters, and what a row has of each: `unnest` makes nulls of what is not there. */
const inputColumns = (kind: Kind) =>
  [...commonColumns, ...(kind === "received" ? receivedColumns : ownColumns)].map(([name, type], index) => {
    const parameter = `$${index + 1}::${type}[]`
    return { name, parameter, value: `coalesce(i.${name}, (${parameter})[1])` }
  })

/** The events that are given, in their order; with keys, their positions are drawn here. */
export const inputOf = (kind: Kind): string => {
  const columns = inputColumns(kind)
  return `
  SELECT ${columns.map(({ name, value }) => `${value} AS ${name}`).join(", ")}, i.place
    ${kind === "keyed" ? ", nextval(pg_get_serial_sequence('integration_event', 'position')) AS position" : ""}
  FROM unnest(${columns.map(({ parameter }) => parameter).join(", ")})
    WITH ORDINALITY AS i (${columns.map(({ name }) => name).join(", ")}, place)`
}

/** What is peculiar to a kind: a column of its own, which rows are stored, in which order, and which are left out. */
const peculiar = {
  plain: { column: "dedupe_key", from: "", order: "", conflict: "" },
  keyed: {
    column: "dedupe_key",
    from: "",
    order: "i.source_module, i.event_name, i.dedupe_key, ",
    conflict: "ON CONFLICT (source_module, event_name, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING"
  },
  received: {
    column: "origin",
    from: "JOIN received AS r ON r.source = i.source AND r.message_id = i.message_id AND r.event_id = i.id",
    order: "",
    conflict: "ON CONFLICT (id) DO NOTHING"
  }
} as const satisfies Record<Kind, unknown>

/** Stores the events of `input` at the time of `clock`. One that is there already is left out. */
export const storedOf = (kind: Kind): string => {
  const { column, conflict, from, order } = peculiar[kind]
  const isPlaced = kind === "keyed"
  return `
  INSERT INTO integration_event (
    ${isPlaced ? "position, " : ""}id, event_name, schema_version, source_module, aggregate_type, aggregate_id, payload,
    metadata, correlation_id, causation_id, traceparent, ${column}, available_at, routed_at
  )
  ${isPlaced ? "OVERRIDING SYSTEM VALUE" : ""}
  SELECT ${isPlaced ? "i.position, " : ""}i.id, i.event_name, i.schema_version, i.source_module, i.aggregate_type,
    i.aggregate_id, i.payload, NULLIF(i.metadata, '')::jsonb, NULLIF(i.correlation_id, ''), NULLIF(i.causation_id, ''),
    NULLIF(i.traceparent, ''), NULLIF(i.${column}, ''),
    CASE WHEN i.due LIKE '+%' THEN c.now + substr(i.due, 2)::float8 * interval '1 millisecond'
      ELSE coalesce(NULLIF(i.due, '')::timestamptz, c.now) END,
    c.now
  FROM input AS i
  CROSS JOIN clock AS c
  ${from}
  ORDER BY ${order}i.place
  ${conflict}
  RETURNING id, position, event_name, schema_version, source_module, aggregate_type, aggregate_id,
    available_at, created_at`
}
