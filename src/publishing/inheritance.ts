/**
 * What an event takes over: from where it is published, and from the event that it follows from.
 *
 * @internal
 */
import { Context, Tracer } from "effect"
import type { Issue } from "../errors/PayloadErrors.ts"
import { oversizeOf } from "../model/contentSize.ts"
import * as DomainEvent from "../model/DomainEvent.ts"
import { Surroundings, type Within } from "../model/Surroundings.ts"
import { isUuid, oversizeText, storableValue } from "../model/storable.ts"
import * as traceparent from "../model/traceparent.ts"
import type { NewEvent } from "../stores/OutboxStore.ts"
import type { UntypedEvent } from "./UntypedEvent.ts"

/** Where events are published. */
export interface Inheritance {
  /** The event that is being handled, if one is. */
  readonly handled: DomainEvent.DomainEvent | undefined
  readonly within: Within | undefined
  /** The trace that is going on. */
  readonly trace: string | undefined
  /** Keys of metadata that follow from cause to caused. */
  readonly keys: ReadonlyArray<string>
}

/** Where nothing is taken over. */
export const nothingInherited: Inheritance = { handled: undefined, within: undefined, trace: undefined, keys: [] }

/** What events take over that are published in a context. @param keys - of metadata that are inherited */
export const inheritanceIn = (context: Context.Context<never>, keys: ReadonlyArray<string>): Inheritance => {
  const span = Context.getOrUndefined(context as Context.Context<Tracer.ParentSpan>, Tracer.ParentSpan)
  return {
    handled: Context.get(context, DomainEvent.Current),
    within: Context.get(context, Surroundings),
    trace: traceparent.ofSpan(span),
    keys
  }
}

/** Of an event that names its cause, the surroundings say nothing. */
const withinOf = ({ cause }: UntypedEvent, { within }: Inheritance) => (cause === undefined ? within : undefined)

/** Where an event belongs: see the table of docs/lineage.md. */
export const lineageOf = (
  event: UntypedEvent,
  inheritance: Inheritance
): Pick<NewEvent, "correlationId" | "causationId" | "traceparent"> => {
  const cause: DomainEvent.Cause | undefined = event.cause ?? inheritance.handled
  const within = withinOf(event, inheritance)
  return {
    correlationId: event.correlationId ?? within?.correlationId ?? cause?.correlationId ?? cause?.id,
    causationId: cause === undefined ? undefined : isUuid(cause.id) ? cause.id.toLowerCase() : cause.id,
    traceparent:
      inheritance.trace ?? traceparent.normalize(within?.traceparent) ?? traceparent.normalize(cause?.traceparent)
  }
}

/** Whether metadata are an object, as types say: they do not reach everybody. */
export const isObject = (value: unknown): value is DomainEvent.Metadata =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Metadata that an event takes over. */
const takenOver = (event: UntypedEvent, inheritance: Inheritance): ReadonlyArray<readonly [string, unknown]> => {
  const { metadata } = event.cause ?? inheritance.handled ?? {}
  const inherited = !isObject(metadata)
    ? []
    : inheritance.keys.filter((key) => Object.hasOwn(metadata, key)).map((key) => [key, metadata[key]] as const)
  return [...inherited, ...Object.entries(withinOf(event, inheritance)?.metadata ?? {})]
}

/** Metadata of an event: its own, beside those that it takes over. */
const mergedOf = ({ metadata }: UntypedEvent, taken: ReadonlyArray<readonly [string, unknown]>) =>
  taken.length === 0 ? metadata : { ...(Object.fromEntries(taken) as DomainEvent.Metadata), ...metadata }

/** JSON text of metadata, which are read together with the payload, or why they cannot be stored. */
const fitting = (metadata: unknown, payload: string, maxBytes: number): ReturnType<typeof storableValue> => {
  const stored = storableValue(metadata, maxBytes)
  if ("issue" in stored) return stored
  const oversize = oversizeOf(payload, stored.json)
  return oversize === undefined
    ? stored
    : { issue: { path: "", message: oversizeText(oversize, ", with the payload") } }
}

type Stored =
  | { readonly metadata: DomainEvent.Metadata | undefined; readonly json: string | undefined }
  | { readonly issue: Issue }

/** The first of what an event takes over that does not fit beside what there is already. */
const refused = (
  event: UntypedEvent,
  taken: ReadonlyArray<readonly [string, unknown]>,
  fits: (metadata: unknown) => ReturnType<typeof storableValue>
): Issue | undefined => {
  for (const [index, [key]] of taken.entries()) {
    const found = fits(mergedOf(event, taken.slice(0, index + 1)))
    if (!("issue" in found)) continue
    const { message, path } = found.issue
    return { path: path === "" ? key : path, message: `${path === "" ? "taken over: " : ""}${message}` }
  }
  return undefined
}

/** Metadata of an event as they are stored, or why they cannot be. What cannot be taken over is named. */
export const metadataOf = (
  event: UntypedEvent,
  inheritance: Inheritance,
  payload: string,
  maxBytes: number
): Stored => {
  const within = withinOf(event, inheritance)?.metadata
  if (within !== undefined && !isObject(within)) {
    return { issue: { path: "", message: "those of Lineage.within are not an object" } }
  }
  if (event.metadata !== undefined && !isObject(event.metadata)) {
    return { issue: { path: "", message: "are not an object" } }
  }
  const taken = takenOver(event, inheritance)
  const metadata = mergedOf(event, taken)
  if (metadata === undefined) return { metadata, json: undefined }
  const fits = (value: unknown) => fitting(value, payload, maxBytes)
  const stored = fits(metadata)
  if (!("issue" in stored)) return { metadata, json: stored.json }
  const own = event.metadata === undefined ? undefined : fits(event.metadata)
  if (own !== undefined && "issue" in own) return own
  return { issue: refused(event, taken, fits) ?? stored.issue }
}
