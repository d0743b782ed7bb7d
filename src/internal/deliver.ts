/**
 * One delivery: decode, hand to the handler, and tell how it ended. No rows are touched here.
 *
 * @internal
 */
import { Cause, Context, DateTime, Effect, Schema, SchemaIssue } from "effect"
import * as DomainEvent from "../DomainEvent.ts"
import { EventDecodingError, HandlerInterrupted } from "../Errors.ts"
import type { Claimed } from "../InboxStore.ts"
import type { Subscriber } from "../Subscriber.ts"
import { type Directive, isDirective } from "./directive.ts"

/** How a delivery ended. What a handler wrote stays unless it failed. */
export type Outcome =
  | { readonly _tag: "Processed" }
  | { readonly _tag: "Skipped"; readonly reason: string | undefined }
  | { readonly _tag: "Undecodable"; readonly error: EventDecodingError }
  | { readonly _tag: "Failed"; readonly cause: Cause.Cause<unknown>; readonly directive: Directive | undefined }

const processed: Outcome = { _tag: "Processed" }

const decoders = new WeakMap<object, (payload: unknown) => Effect.Effect<unknown, Schema.SchemaError>>()

const decoderOf = (definition: DomainEvent.Definition.Any) => {
  const known = decoders.get(definition)
  if (known !== undefined) return known
  const decoder = Schema.decodeUnknownEffect(definition.codec)
  decoders.set(definition, decoder)
  return decoder
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Where and why a payload does not fit its schema. */
export const issuesOf = (error: Schema.SchemaError) =>
  formatIssues(error.issue).issues.map(({ message, path }) => ({
    path: (path ?? []).map((segment) => String(typeof segment === "object" ? segment.key : segment)).join("."),
    message
  }))

const toEvent = (row: Claimed, payload: unknown): DomainEvent.DomainEvent => ({
  id: row.eventId,
  deliveryId: row.deliveryId,
  name: row.eventName,
  sourceModule: row.sourceModule,
  aggregate: { module: row.sourceModule, entityType: row.aggregateType, entityId: row.aggregateId },
  payload,
  metadata: (row.metadata as DomainEvent.Metadata | null) ?? {},
  timestamp: DateTime.fromDateUnsafe(row.createdAt),
  schemaVersion: row.schemaVersion,
  attempt: row.attemptCount + 1,
  correlationId: row.correlationId ?? undefined,
  causationId: row.causationId ?? undefined
})

const undecodable = (row: Claimed, error: Schema.SchemaError): Outcome => ({
  _tag: "Undecodable",
  error: new EventDecodingError({ eventName: row.eventName, eventId: row.eventId, issues: issuesOf(error) })
})

const directiveOf = (cause: Cause.Cause<unknown>): Directive | undefined => {
  for (const reason of cause.reasons) if (Cause.isFailReason(reason) && isDirective(reason.error)) return reason.error
  return undefined
}

const failed = (subscriber: Subscriber, row: Claimed, cause: Cause.Cause<unknown>): Outcome => {
  const directive = directiveOf(cause)
  if (directive?._tag === "Skip") return { _tag: "Skipped", reason: directive.reason }
  const isInterrupted = Cause.hasInterruptsOnly(cause)
  return {
    _tag: "Failed",
    directive,
    cause: isInterrupted
      ? Cause.fail(new HandlerInterrupted({ consumer: subscriber.consumer.name, eventName: row.eventName }))
      : cause
  }
}

const handle = (
  subscriber: Subscriber,
  row: Claimed,
  payload: unknown,
  context: Context.Context<never>
): Effect.Effect<Outcome> => {
  const event = toEvent(row, payload)
  return Effect.suspend(() => subscriber.handler(event)).pipe(
    Effect.setContext(Context.add(context, DomainEvent.Current, event)),
    Effect.matchCause({ onFailure: (cause) => failed(subscriber, row, cause), onSuccess: () => processed })
  )
}

/**
 * Runs the handler of one delivery. Never fails: a handler's failures and defects are data. Interrupting the fiber
 * interrupts the handler.
 *
 * @param context - the handler's services, with the delivery's transaction
 */
export const deliver = (
  subscriber: Subscriber,
  row: Claimed,
  context: Context.Context<never>
): Effect.Effect<Outcome> => {
  const definition = subscriber.definitions.get(row.eventName)
  if (definition === undefined) return handle(subscriber, row, row.payload, context)
  return Effect.matchCauseEffect(decoderOf(definition)(row.payload), {
    onFailure: (cause) => {
      const reason = cause.reasons.find(Cause.isFailReason)
      return Effect.succeed(reason === undefined ? failed(subscriber, row, cause) : undecodable(row, reason.error))
    },
    onSuccess: (payload) => handle(subscriber, row, payload, context)
  })
}
