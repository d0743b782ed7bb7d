/**
 * One delivery: decode, hand to the handler, and tell how it ended. No rows are touched here.
 *
 * @internal
 */
import { Cause, Context, DateTime, Effect, References, Result } from "effect"
import { HandlerInterrupted, MissingOutcome } from "../../errors/HandlerErrors.ts"
import { PayloadTooLarge } from "../../errors/PayloadErrors.ts"
import { largestContent } from "../../model/contentSize.ts"
import * as DomainEvent from "../../model/DomainEvent.ts"
import { type DecodeError, decode } from "../../model/payloadCodec.ts"
import type { ItemOutcome, Subscriber } from "../../model/SubscriberValue.ts"
import { Surroundings } from "../../model/Surroundings.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { directiveOf, snoozeOf } from "./directiveOf.ts"
import { annotationsOf } from "./logAnnotations.ts"
import type { BatchOutcome, Outcome } from "./outcome.ts"
import { batchEndedAs, endedAs, inProcessSpan } from "./processSpan.ts"

const processed: Outcome = { _tag: "Processed" }

const toEvent = (row: Claimed, payload: unknown): DomainEvent.DomainEvent => ({
  id: row.eventId,
  deliveryId: row.deliveryId,
  name: row.eventName,
  sourceModule: row.sourceModule,
  aggregate: DomainEvent.entityOf(row),
  payload,
  metadata: (row.metadata as DomainEvent.Metadata | null) ?? {},
  timestamp: DateTime.fromDateUnsafe(row.createdAt),
  schemaVersion: row.schemaVersion,
  attempt: row.attemptCount + 1,
  correlationId: row.correlationId ?? undefined,
  causationId: row.causationId ?? undefined,
  traceparent: row.traceparent ?? undefined
})

const failed = (subscriber: Subscriber, row: Claimed, cause: Cause.Cause<unknown>): Outcome => {
  const directive = directiveOf(cause)
  if (directive?._tag === "Skip") return { _tag: "Skipped", reason: directive.reason }
  const snoozed = snoozeOf(cause)
  if (snoozed !== undefined) return snoozed
  const isInterrupted = Cause.hasInterruptsOnly(cause)
  return {
    _tag: "Failed",
    directive,
    cause: isInterrupted
      ? Cause.fail(new HandlerInterrupted({ consumer: subscriber.consumer.name, eventName: row.eventName }))
      : cause
  }
}

/** What a batch handler said about one of its events. */
const itemOutcome = (subscriber: Subscriber, row: Claimed, outcomes: ReadonlyArray<ItemOutcome>): Outcome => {
  const found = outcomes.find((outcome) => outcome.deliveryId === row.deliveryId)
  if (found === undefined) {
    const error = new MissingOutcome({ consumer: subscriber.consumer.name, eventName: row.eventName })
    return failed(subscriber, row, Cause.fail(error))
  }
  if (found.status === "processed") return processed
  if (found.status === "skipped") return { _tag: "Skipped", reason: found.reason }
  return failed(subscriber, row, Cause.fail(found.error))
}

const notAnEffect = (returned: unknown) =>
  new TypeError(
    `The handler returned ${returned === null ? "null" : typeof returned}, not an Effect. Return one, or write it for promises: effect-integration/promise`
  )

/** The context of handler code: it begins in no surroundings but its event. */
const surrounded = (
  context: Context.Context<never>,
  event: DomainEvent.DomainEvent | undefined,
  annotations: Readonly<Record<string, unknown>>
) =>
  context.pipe(
    Context.add(DomainEvent.Current, event),
    Context.add(Surroundings, undefined),
    Context.add(References.CurrentLogAnnotations, {
      ...Context.get(context, References.CurrentLogAnnotations),
      ...annotations
    })
  )

/** Runs handler code with the services of its layer, the delivery's transaction and the event it is about. */
const within = <A>(
  handler: () => Effect.Effect<A, unknown>,
  context: Context.Context<never>,
  event: DomainEvent.DomainEvent | undefined,
  annotations: Readonly<Record<string, unknown>>
) =>
  Effect.suspend(() => {
    const returned: unknown = handler()
    // Types do not reach everybody who writes a handler.
    return Effect.isEffect(returned) ? (returned as Effect.Effect<A, unknown>) : Effect.die(notAnEffect(returned))
  }).pipe(Effect.setContext(surrounded(context, event, annotations)))

const handle = (
  subscriber: Subscriber,
  row: Claimed,
  payload: unknown,
  context: Context.Context<never>
): Effect.Effect<Outcome> => {
  const event = toEvent(row, payload)
  const { consumer, handler } = subscriber
  const annotations = annotationsOf(consumer, row)
  const onFailure = (cause: Cause.Cause<unknown>) => failed(subscriber, row, cause)
  return handler._tag === "Single"
    ? Effect.matchCause(
        within(() => handler.handle(event), context, event, annotations),
        { onFailure, onSuccess: () => processed }
      )
    : Effect.matchCause(
        within(() => handler.handle([event]), context, undefined, annotations),
        { onFailure, onSuccess: (outcomes) => itemOutcome(subscriber, row, outcomes) }
      )
}

/** What of a delivery its payload is read from. */
type Readable = Pick<Claimed, "eventId" | "eventName" | "schemaVersion" | "payload" | "oversizeBytes">

/** The payload a handler gets. The code of a schema may be a defect. */
export const readPayload = (
  { definitions }: Pick<Subscriber, "definitions">,
  row: Readable
): Effect.Effect<unknown, DecodeError | PayloadTooLarge> => {
  const { eventId, eventName, oversizeBytes: bytes, payload } = row
  if (bytes !== null) return Effect.fail(new PayloadTooLarge({ eventName, eventId, bytes, maximum: largestContent }))
  const definition = definitions.get(eventName)
  return definition === undefined ? Effect.succeed(payload) : decode(definition, row)
}

/** Why a payload could not be read: it does not fit, is too large, or the schema's own code failed. */
const readingFailed = (
  subscriber: Subscriber,
  row: Claimed,
  cause: Cause.Cause<DecodeError | PayloadTooLarge>
): Outcome => {
  const reason = cause.reasons.find(Cause.isFailReason)
  return reason === undefined ? failed(subscriber, row, cause) : { _tag: "Unreadable", error: reason.error }
}

/** The payload a handler gets; fails with the outcome of a delivery whose payload it cannot get. */
const payloadOf = (subscriber: Subscriber, row: Claimed): Effect.Effect<unknown, Outcome> =>
  Effect.catchCause(readPayload(subscriber, row), (cause) => Effect.fail(readingFailed(subscriber, row, cause)))

/**
 * Runs the handler of one delivery. Never fails: a handler's failures and defects are data. Interrupting the fiber
 * interrupts the handler.
 *
 * @param context - the handler's services, with the delivery's transaction
 */
export const runHandler = (
  subscriber: Subscriber,
  row: Claimed,
  context: Context.Context<never>
): Effect.Effect<Outcome> =>
  inProcessSpan(
    subscriber,
    [row],
    context,
    (traced) =>
      Effect.matchEffect(payloadOf(subscriber, row), {
        onFailure: Effect.succeed,
        onSuccess: (payload) => handle(subscriber, row, payload, traced)
      }),
    endedAs
  )

/**
 * Runs a batch handler once for several deliveries. Those whose payload cannot be read are not handed over.
 *
 * @param isBlocked - asked before each delivery, after the outcomes of those before it that are known already
 * @param onUnreadable - told of each that cannot be read
 */
export const runBatchHandler = (
  subscriber: Subscriber,
  rows: ReadonlyArray<Claimed>,
  context: Context.Context<never>,
  isBlocked: (row: Claimed) => boolean,
  onUnreadable: (row: Claimed) => void
): Effect.Effect<BatchOutcome> =>
  inProcessSpan(
    subscriber,
    rows,
    context,
    (traced) => handleTogether(subscriber, rows, traced, isBlocked, onUnreadable),
    batchEndedAs
  )

const handleTogether = Effect.fnUntraced(function* (
  subscriber: Subscriber,
  rows: ReadonlyArray<Claimed>,
  context: Context.Context<never>,
  isBlocked: (row: Claimed) => boolean,
  onUnreadable: (row: Claimed) => void
): Effect.fn.Return<BatchOutcome> {
  const { handler } = subscriber
  if (handler._tag !== "Batch") return yield* Effect.die(new Error("only batch handlers take several deliveries"))
  const outcomes: Array<readonly [Claimed, Outcome]> = []
  const handed: Array<readonly [Claimed, DomainEvent.DomainEvent]> = []
  for (const row of rows) {
    if (isBlocked(row)) continue
    const payload = yield* Effect.result(payloadOf(subscriber, row))
    if (Result.isSuccess(payload)) handed.push([row, toEvent(row, payload.success)])
    else {
      outcomes.push([row, payload.failure])
      onUnreadable(row)
    }
  }
  if (handed.length === 0) return { _tag: "Each", outcomes }
  const events = handed.map(([, event]) => event)
  return yield* Effect.matchCause(
    within(() => handler.handle(events), context, undefined, { consumer: subscriber.consumer.name }),
    {
      onFailure: (cause): BatchOutcome => ({ _tag: "None", rows: handed.map(([row]) => row), cause }),
      onSuccess: (given): BatchOutcome => ({
        _tag: "Each",
        outcomes: [...outcomes, ...handed.map(([row]) => [row, itemOutcome(subscriber, row, given)] as const)]
      })
    }
  )
})
