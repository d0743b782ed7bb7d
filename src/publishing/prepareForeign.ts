/**
 * From messages of other services to events that are stored: checked, before anything is written.
 *
 * @internal
 */
import { DateTime, Effect, Option } from "effect"
import { InvalidIdentifier, InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import { EventEncodingError } from "../errors/PayloadErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import * as DomainEvent from "../model/DomainEvent.ts"
import { identifierProblem, isUuid } from "../model/storable.ts"
import * as traceparent from "../model/traceparent.ts"
import type { ReceivedEvent } from "../stores/OutboxStore.ts"
import { nextEventId } from "./eventIds.ts"
import type { ForeignEvent } from "./ForeignEvent.ts"
import { isObject, nothingInherited } from "./inheritance.ts"
import { prepareUntyped } from "./prepare.ts"

const fields = [
  "eventName",
  "sourceModule",
  "aggregateType",
  "aggregateId",
  "payload",
  "schemaVersion",
  "delay",
  "availableAt",
  "source",
  "messageId",
  "origin",
  "id",
  "occurredAt",
  "metadata",
  "correlationId",
  "causationId",
  "traceparent"
] as const satisfies ReadonlyArray<keyof ForeignEvent>

const nameOf = ({ eventName }: ForeignEvent) => String(eventName).slice(0, 80)

const refuse = (event: ForeignEvent, field: string, problem: string) =>
  Effect.fail(new InvalidIdentifier({ field: `${field} of imported event "${nameOf(event)}"`, problem }))

/** Checks what only messages of other services have. */
const check = (event: ForeignEvent): Effect.Effect<void, InvalidIdentifier | UnsupportedOption> => {
  const unknown = unknownOption(`Importing "${nameOf(event)}"`, event, fields)
  if (unknown !== undefined) return Effect.fail(unknown)
  for (const field of ["source", "messageId", "origin", "correlationId", "causationId"] as const) {
    const value = event[field]
    if (value === undefined && field !== "source" && field !== "messageId") continue
    const problem = identifierProblem(value, DomainEvent.maxLength.id)
    if (problem !== undefined) return refuse(event, field, problem)
  }
  const { id } = event
  return id === undefined || (typeof id === "string" && isUuid(id))
    ? Effect.void
    : refuse(event, "id", `is ${String(JSON.stringify(id)).slice(0, 80)}, not a UUID: leave it out to get a new one`)
}

const occurredAtOf = (event: ForeignEvent): Effect.Effect<string | undefined, InvalidOption> => {
  if (event.occurredAt === undefined) return Effect.undefined
  const at = DateTime.make(event.occurredAt)
  return Option.isSome(at)
    ? Effect.succeed(DateTime.formatIso(at.value))
    : Effect.fail(
        new InvalidOption({
          option: `occurredAt of imported event "${nameOf(event)}"`,
          value: String(event.occurredAt),
          expected: "a time"
        })
      )
}

/** The row of one message, and the characters of what is stored of it. */
const prepare = Effect.fnUntraced(function* (event: ForeignEvent, maxPayloadBytes: number) {
  yield* check(event)
  if (event.metadata !== undefined && !isObject(event.metadata)) {
    const issue = { path: "metadata", message: "is not an object" }
    return yield* new EventEncodingError({ eventName: nameOf(event), issues: [issue] })
  }
  const {
    causationId,
    id,
    messageId,
    occurredAt: _,
    origin = event.source,
    source,
    traceparent: trace,
    ...rest
  } = event
  const occurredAt = yield* occurredAtOf(event)
  const ours = { service: origin, source, messageId, ...(occurredAt === undefined ? {} : { occurredAt }) }
  const { row } = yield* prepareUntyped(
    { ...rest, metadata: { ...event.metadata, origin: ours } },
    { id: id?.toLowerCase() ?? (yield* nextEventId), inheritance: nothingInherited, maxPayloadBytes }
  )
  const received: ReceivedEvent = {
    ...row,
    correlationId: row.correlationId ?? (id === undefined ? undefined : row.id),
    causationId: causationId !== undefined && isUuid(causationId) ? causationId.toLowerCase() : causationId,
    traceparent: traceparent.normalize(trace),
    source,
    messageId,
    origin
  }
  return received
})

/** Prepares messages, of which others have their turn in between. */
export const prepareForeign = Effect.fnUntraced(function* (
  events: ReadonlyArray<ForeignEvent>,
  maxPayloadBytes: number
): Effect.fn.Return<
  ReadonlyArray<ReceivedEvent>,
  InvalidIdentifier | InvalidOption | UnsupportedOption | EventEncodingError
> {
  // Types do not reach everybody who imports.
  if (!Array.isArray(events)) {
    const expected = "a list; one message: Publisher.import"
    return yield* new InvalidOption({ option: "events of Publisher.importAll", value: typeof events, expected })
  }
  const rows: Array<ReceivedEvent> = []
  const names = new Map<string, string>()
  for (const event of events) {
    const row = yield* prepare(event, maxPayloadBytes)
    const other = names.get(row.id)
    if (other !== undefined && other !== row.eventName) {
      return yield* refuse(event, "id", `is ${row.id}, as that of "${other.slice(0, 80)}" in the same list`)
    }
    names.set(row.id, row.eventName)
    rows.push(row)
    if (rows.length % 100 === 0) yield* Effect.yieldNow
  }
  return rows
})
