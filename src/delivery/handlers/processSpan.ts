/**
 * The span of a run of a handler, linked to where its events were published.
 *
 * @internal
 */
import { Cause, Clock, Context, Effect, Exit, Option, Tracer } from "effect"
import { describe, principal } from "../../errors/errorText.ts"
import { HandlerTimeout } from "../../errors/HandlerErrors.ts"
import { isLeased } from "../../model/Consumer.ts"
import type { Subscriber } from "../../model/SubscriberValue.ts"
import * as traceparent from "../../model/traceparent.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { attribute, attributesOf, maxLinks, operation } from "../../telemetry/conventions.ts"
import {
  isDrawn,
  spanOf,
  type TraceRelation,
  type TracingOptions,
  tracerOf,
  unrecordedIn
} from "../../telemetry/tracing.ts"
import { snoozeOf, unwrapped } from "./directiveOf.ts"
import { CurrentTimeout, type Timeout } from "./handlerTimeout.ts"
import type { BatchOutcome, Outcome } from "./outcome.ts"

/** What spans of handlers are made with. */
export interface ProcessTelemetry extends TracingOptions {
  /** Id of the process. */
  readonly clientId: string
  readonly traceRelation: TraceRelation
}

/** Of the processor whose handler runs. */
export const CurrentTelemetry = Context.Reference<ProcessTelemetry>("effect-integration/ProcessTelemetry", {
  defaultValue: () => ({ traceSampleRatio: 1, clientId: "", traceRelation: "link" })
})

/** Attributes of one event, on the span that is about it alone, else on the link to it. */
const attributesOfRow = (row: Claimed) => ({
  [attribute.messageId]: row.eventId,
  ...(row.correlationId === null ? {} : { [attribute.conversationId]: row.correlationId }),
  [attribute.deliveryId]: row.deliveryId,
  [attribute.attempt]: row.attemptCount + 1,
  [attribute.module]: row.sourceModule,
  [attribute.aggregateType]: row.aggregateType
})

const sourceOf = ({ traceparent: text }: Claimed) => (text === null ? undefined : traceparent.parse(text))

const linksTo = (rows: ReadonlyArray<Claimed>): Array<Tracer.SpanLink> =>
  rows.slice(0, maxLinks).flatMap((row) => {
    const source = sourceOf(row)
    const attributes = rows.length === 1 ? {} : attributesOfRow(row)
    return source === undefined ? [] : [{ span: spanOf(source), attributes }]
  })

const attributesFor = (
  { consumer }: Subscriber,
  rows: ReadonlyArray<Claimed>,
  { clientId }: ProcessTelemetry
): Readonly<Record<string, unknown>> => {
  const [first] = rows as readonly [Claimed, ...ReadonlyArray<Claimed>]
  const about = rows.length === 1 ? attributesOfRow(first) : { [attribute.batchSize]: rows.length }
  return {
    ...attributesOf(operation.process),
    ...(rows.every(({ eventName }) => eventName === first.eventName)
      ? { [attribute.destination]: first.eventName }
      : {}),
    [attribute.consumer]: consumer.name,
    [attribute.clientId]: clientId,
    [attribute.mode]: isLeased(consumer) ? "leased" : "transactional",
    ...about
  }
}

/** How a run ended, for its span. */
interface Ended {
  readonly outcome: string
  readonly cause: Cause.Cause<unknown> | undefined
}

/** How a run of one delivery ended. */
export const endedAs = (outcome: Outcome): Ended => {
  const { _tag } = outcome
  if (_tag === "Failed") return { outcome: "failed", cause: unwrapped(outcome.cause) }
  if (_tag === "Unreadable") return { outcome: "failed", cause: Cause.fail(outcome.error) }
  return { outcome: _tag.toLowerCase(), cause: undefined }
}

/** How a call with several ended. */
export const batchEndedAs = (outcome: BatchOutcome): Ended => {
  if (outcome._tag === "None") {
    return snoozeOf(outcome.cause) === undefined
      ? { outcome: "failed", cause: unwrapped(outcome.cause) }
      : { outcome: "snoozed", cause: undefined }
  }
  const failed = outcome.outcomes.map(([, each]) => endedAs(each)).find(({ cause }) => cause !== undefined)
  return failed ?? { outcome: "processed", cause: undefined }
}

/** How a run ended that was interrupted: its time was over, or its process is to stop. */
const interruptedBy = (
  timeout: Timeout | undefined,
  { consumer }: Subscriber,
  rows: ReadonlyArray<Claimed>,
  cause: Cause.Cause<unknown>
): Ended =>
  timeout?.hasPassed === true
    ? {
        outcome: "failed",
        cause: Cause.fail(
          new HandlerTimeout({
            consumer: consumer.name,
            eventName: rows[0]?.eventName ?? "",
            timeoutMillis: timeout.millis,
            singleSession: false
          })
        )
      }
    : { outcome: "interrupted", cause }

const end = (span: Tracer.Span, { cause, outcome }: Ended, now: bigint) => {
  span.attribute(attribute.outcome, outcome)
  if (cause !== undefined) span.attribute(attribute.errorType, describe(principal(cause)).tag)
  span.end(now, cause === undefined ? Exit.void : Exit.failCause(cause))
}

/**
 * Runs in a span, if there is a tracer and one of the events is traced. A run that fails has one anyway: it is made when that is
 * known.
 */
export const inProcessSpan = <A>(
  subscriber: Subscriber,
  rows: ReadonlyArray<Claimed>,
  context: Context.Context<never>,
  run: (context: Context.Context<never>) => Effect.Effect<A>,
  endOf: (outcome: A) => Ended
): Effect.Effect<A> => {
  const tracer = tracerOf(context)
  if (tracer === undefined) return run(context)
  return Effect.contextWith((around: Context.Context<never>) => {
    const clock = Context.get(around, Clock.Clock)
    const tracing = Context.get(context, CurrentTelemetry)
    const sources = rows.flatMap((row) => sourceOf(row) ?? [])
    const isTraced = sources.length === 0 ? isDrawn(tracing) : sources.some(({ isSampled }) => isSampled)
    // Most runs are not traced: what only spans need is asked for when there is one.
    const startMillis = clock.currentTimeMillisUnsafe()
    // Of several, none is the parent of what they are handled by.
    const [source] = tracing.traceRelation === "parent" && rows.length === 1 ? sources : []
    const parent = source === undefined ? Option.none() : Option.some(spanOf(source))
    const open = (startTime: bigint) => {
      const attributes = attributesFor(subscriber, rows, tracing)
      const name = attributes[attribute.destination]
      const span = tracer.span({
        name: name === undefined ? operation.process.name : `${operation.process.name} ${name}`,
        ...{ parent, annotations: Context.empty(), links: linksTo(rows), startTime },
        ...{ kind: "consumer", root: source === undefined, sampled: true }
      })
      for (const [key, value] of Object.entries(attributes)) span.attribute(key, value)
      return span
    }
    const span = isTraced ? open(clock.currentTimeNanosUnsafe()) : undefined
    const within =
      span === undefined ? unrecordedIn(context, sources[0]) : Context.add(context, Tracer.ParentSpan, span)
    return Effect.onExit(run(within), (exit) => {
      const ended = Exit.isSuccess(exit)
        ? endOf(exit.value)
        : interruptedBy(Context.get(around, CurrentTimeout), subscriber, rows, exit.cause)
      if (span === undefined && ended.outcome !== "failed") return Effect.void
      return Effect.sync(() =>
        end(span ?? open(BigInt(startMillis) * 1_000_000n), ended, clock.currentTimeNanosUnsafe())
      )
    })
  })
}
